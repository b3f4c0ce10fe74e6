/**
 * What a file of a bundle is, from its bytes and its name: one of the few kinds that a version is made of, or something else, which
 * is then named for what it looks like. Asked by gate.ts. No kind is taken on a name's word.
 */

import { isNativeFor } from './kept.js';
import type { BundleManifest } from './manifest.js';

/** Names that models go by. A text of such a name is refused too: some formats are text. */
const modelNames =
  /\.(onnx|ort|tflite|lite|pb|pbtxt|prototxt|pt|pth|ckpt|safetensors|engine|plan|trt|uff|h5|hdf5|keras|caffemodel|mlmodel|mlpackage|mnn|param|ncnn|rknn|hef|dlc|om|blob|gguf|ggml|npz|npy|pkl|pickle|joblib|pdmodel|pdiparams|weights|model|torchscript|pmml|bin|dat)$/i;

/** What a file begins with. */
const magics: readonly { at: number; bytes: Buffer; what: string }[] = [
  { at: 4, bytes: Buffer.from('TFL3'), what: 'a TensorFlow Lite model' },
  { at: 4, bytes: Buffer.from('ORTM'), what: 'a model in the format of ONNX Runtime' },
  { at: 0, bytes: Buffer.from('GGUF'), what: 'a GGUF model' },
  { at: 0, bytes: Buffer.from('RKNN'), what: 'an RKNN model' },
  { at: 0, bytes: Buffer.from('ptrt'), what: 'a TensorRT engine' },
  { at: 0, bytes: Buffer.from('ftrt'), what: 'a TensorRT engine' },
  { at: 0, bytes: Buffer.from('\x89HDF', 'latin1'), what: 'an HDF5 file, as Keras writes' },
  { at: 0, bytes: Buffer.from('\x93NUMPY', 'latin1'), what: 'a NumPy array' },
  { at: 0, bytes: Buffer.from('PK\x03\x04', 'latin1'), what: 'a ZIP archive, as PyTorch writes' },
  { at: 0, bytes: Buffer.from([0x80, 0x02]), what: 'a pickle, as PyTorch writes' },
  { at: 0, bytes: Buffer.from([0x80, 0x04]), what: 'a pickle, as PyTorch writes' },
  { at: 8, bytes: Buffer.from('{"'), what: 'a safetensors file' },
  { at: 0, bytes: Buffer.from([0x1f, 0x8b]), what: 'compressed data' },
  { at: 0, bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), what: 'compressed data' },
  // ModelProto: ir_version first, then the producer or the graph (onnx.proto3)
  { at: 0, bytes: Buffer.from([0x08]), what: 'an ONNX model, or another protocol buffer' },
  { at: 0, bytes: Buffer.from([0x0a]), what: 'a TensorFlow graph, or another protocol buffer' },
];

/** Words that a JSON description of a network has at its top. */
const graphKeys = ['modelTopology', 'weightsManifest', 'irVersion', 'ir_version', 'learner', 'graph_def'];

/** Only a library is larger, and of those the ends are enough. */
const mostReadBytes = 16 * 2 ** 20;
/** No file of a bundle that Vigie was ever made into has a tenth of either. */
const mostEncodedBytes = 32 * 2 ** 10;
const mostFigures = 32 * 2 ** 10;

/** A file as it lies on the disk; read whole only where that is needed. */
export interface Content {
  path: string;
  bytes: number;
  /** the first 64 bytes, or all there are */
  head: Buffer;
  whole: () => Promise<Buffer>;
}

/**
 * @returns null for a text, a library for this machine or WebAssembly; else what it looks like
 */
export async function strangeness(
  content: Content,
  { arch }: Pick<BundleManifest, 'arch'>,
): Promise<string | null> {
  const { path, bytes, head } = content;
  if (modelNames.test(path)) return 'a model, by its name';
  const magic = head.length >= 4 ? head.readUInt32BE(0) : 0;
  if (magic === 0x7f454c46) return strangeLibrary(content, arch);
  if (bytes > mostReadBytes) return lookOf(head);
  const whole = await content.whole();
  if (magic === 0x0061736d) return strangeWebAssembly(path, whole);
  const text = textOf(whole);
  return text === null ? lookOf(head) : strangeText(text, whole);
}

function lookOf(bytes: Buffer): string {
  const known = magics.find(({ at, bytes: magic }) => bytes.subarray(at, at + magic.length).equals(magic));
  return known?.what ?? 'binary data of no kind that a version is made of';
}

function textOf(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function strangeText(text: string, bytes: Buffer): string | null {
  if (/^7767517\s/.test(text)) return 'an ncnn network';
  if (/^\s*(<\?xml[^>]*>\s*)?<(net|PMML)[\s>]/.test(text)) return 'a network in XML';
  if (/^\s*\[(net|convolutional)\]\s*$/m.test(text.slice(0, 4096))) return 'a Darknet network';
  if (isGraph(text)) return 'a network in JSON';
  return strangeRuns(bytes);
}

function isGraph(text: string): boolean {
  if (!/^\s*[{[]/.test(text) || !graphKeys.some((key) => text.includes(`"${key}"`))) return false;
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && graphKeys.some((key) => key in value);
  } catch {
    return false;
  }
}

const encoded = new Uint8Array(256);
const figures = new Uint8Array(256);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-')) {
  encoded[byte] = 1;
}
for (const byte of Buffer.from('0123456789.,eE+- \t\r\n[]')) figures[byte] = 1;

/** Weights that are written as text: one long word, or figure after figure. In one pass over the bytes. */
function strangeRuns(bytes: Buffer): string | null {
  let word = 0;
  let digits = 0;
  for (const byte of bytes) {
    word = encoded[byte] ? word + 1 : 0;
    if (word > mostEncodedBytes) return 'a text with encoded data in it';
    if (!figures[byte]) digits = 0;
    else if (byte >= 0x30 && byte <= 0x39 && ++digits > mostFigures)
      return 'a text with tables of numbers in it';
  }
  return null;
}

function strangeLibrary({ path, bytes, head }: Content, arch: BundleManifest['arch']): string | null {
  if (!/\.node$|\.so(\.\d+)*$/.test(path)) return 'a program or library that is not named as one';
  if (!isNativeFor(head, { arch }) || head.length < 64 || head[4] !== 2) {
    return `a library for another machine than ${arch}`;
  }
  // The table of sections ends the file; what lies behind it belongs to nobody.
  const end = Number(head.readBigUInt64LE(0x28)) + head.readUInt16LE(0x3a) * head.readUInt16LE(0x3c);
  return end === bytes ? null : 'a library with something behind its end';
}

/** Magic, version, sections one after the other to the last byte (WebAssembly core specification, 5.5). */
function strangeWebAssembly(path: string, bytes: Buffer): string | null {
  if (!path.endsWith('.wasm')) return 'WebAssembly that is not named so';
  let at = 8;
  while (at < bytes.length) {
    let size = 0;
    let shift = 0;
    let byte: number | undefined;
    at++;
    do {
      byte = bytes[at++];
      if (byte === undefined || shift > 28) return 'broken WebAssembly';
      size += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    at += size;
  }
  return at === bytes.length ? null : 'WebAssembly with something behind its end';
}
