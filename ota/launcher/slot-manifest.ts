/**
 * `bundle.json` as the launcher reads it: what starts, and the hash of every file. The schema that bundles are written and
 * unpacked by is ota/bundle/manifest.ts; this is the part of it that the launcher must understand for ever.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readBounded } from './state-file.js';
import { fieldsOf, isCount, isSha256, isVersion, must } from './state-shape.js';

export interface SlotManifest {
  version: string;
  /** what Node starts, relative to the slot */
  start: string;
  files: Map<string, { bytes: number; sha256: string; executable: boolean }>;
}

const mostManifestBytes = 32 * 1024 * 1024;
const mostFiles = 100_000;
const mostFileBytes = 2 ** 32;

/** Rejects when it is not there or not one, with words for the log. */
export async function readManifest(slot: string): Promise<{ manifest: SlotManifest; sha256: string }> {
  const bytes = await readBounded(join(slot, 'bundle.json'), mostManifestBytes);
  if (bytes === null) throw new Error('bundle.json is not there');
  return { manifest: parseManifest(bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** @throws Error that says what is wrong */
export function parseManifest(bytes: Uint8Array): SlotManifest {
  must(bytes.length <= mostManifestBytes, 'bundle.json is too long');
  let fields: Record<string, unknown>;
  try {
    fields = fieldsOf(JSON.parse(Buffer.from(bytes).toString('utf8')), 'no object');
  } catch {
    throw new Error('bundle.json is not JSON');
  }
  const { format, version, start, files: list } = fields;
  must(format === 1, 'bundle.json is of a format that this launcher does not know');
  must(isVersion(version), 'bundle.json names no version');
  must(Array.isArray(list) && list.length <= mostFiles, 'bundle.json lists no files');
  const files: SlotManifest['files'] = new Map();
  for (const item of list) {
    const file = fieldsOf(item, 'bundle.json lists what is no file');
    const { path, bytes: length, sha256 } = file;
    must(isPath(path) && path !== 'bundle.json' && !files.has(path), 'bundle.json lists a path that is none');
    must(isCount(length, mostFileBytes) && isSha256(sha256), `bundle.json does not describe ${shown(path)}`);
    files.set(path, { bytes: length, sha256, executable: file['executable'] === true });
  }
  must(isPath(start) && files.has(start), 'bundle.json does not list what it starts');
  return { version, start, files };
}

const isPath = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= 400 &&
  !/[\0\\]/.test(value) &&
  value.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** A path as one short line, whatever is in it. */
export const shown = (path: string): string =>
  path
    .slice(0, 120)
    .replace(/[\p{Cc}\u2028-\u202e]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
