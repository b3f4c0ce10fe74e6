/**
 * The command set-up runs after the build: `node dist/models/convert/main.js --cache DIR`. Converts every
 * model of the manifest whose published files are in the cache, and prints one line. Does nothing when the
 * converted file is there and right; never leaves a half-written one.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { asVigieError, errorLine, VigieError } from '../../errors.js';
import { type Model, modelPaths, shippedManifest } from '../manifest.js';
import { convertModel } from './convert.js';

const digest = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new VigieError('model', `${file} cannot be read`, 'Check the permissions of the cache directory', {
      cause,
    });
  }
}

/** The published files, checked again: the cache may have been altered since set-up fetched them. */
function publishedFiles(model: Model, directory: string): { json: string; weights: Buffer } {
  const [json, weights] = model.source.files.map((file) => {
    const bytes = readIfThere(join(directory, file.name));
    if (bytes && digest(bytes) === file.sha256) return bytes;
    const what = bytes ? 'does not have the right SHA-256' : 'is missing';
    throw new VigieError(
      'model',
      `${join(directory, file.name)} ${what}`,
      'Run npm start or npm test to fetch it again',
    );
  });
  if (!json || !weights)
    throw new VigieError('model', `${model.name} needs two files`, 'Install Vigie again');
  return { json: json.toString('utf8'), weights };
}

function convertOne(model: Model, cacheDirectory: string): string {
  const { sourceDirectory, onnxFile } = modelPaths(model, cacheDirectory);
  const present = readIfThere(onnxFile);
  if (present && digest(present) === model.onnx.sha256) return `model ${model.name}: ready`;
  const { json, weights } = publishedFiles(model, sourceDirectory);
  const bytes = convertModel(model, json, weights);
  if (digest(bytes) !== model.onnx.sha256) {
    const hint = 'Report it: conversion must give the same bytes on every machine';
    throw new VigieError(
      'model',
      `${model.name} was converted to SHA-256 ${digest(bytes)}, not the listed one`,
      hint,
    );
  }
  mkdirSync(dirname(onnxFile), { recursive: true });
  const unfinished = `${onnxFile}.${process.pid}.part`;
  try {
    writeFileSync(unfinished, bytes, { flush: true });
    renameSync(unfinished, onnxFile);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return `model ${model.name}: converted, ${(bytes.length / 1e6).toFixed(1)} MB`;
}

try {
  const { values } = parseArgs({ options: { cache: { type: 'string' } } });
  if (!values.cache) throw new VigieError('config', 'No cache directory was given', 'Add --cache DIR');
  const cache = values.cache;
  for (const model of shippedManifest().models) process.stdout.write(`${convertOne(model, cache)}\n`);
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`);
  process.exitCode = asVigieError(error).exitCode;
}
