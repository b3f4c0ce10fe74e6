/**
 * What of the npm packages goes into a bundle: what a camera may load, and the licences. Each rule says why. Asked by tree.ts for
 * every file of every package that the product depends on.
 */
import type { BundleManifest } from './manifest.js';

export interface Target {
  arch: BundleManifest['arch'];
  /** `process.versions.modules` of the Node that runs it */
  nodeAbi: string;
}

/** Dependencies that are not followed: nothing on a camera loads them. */
export const needless: Readonly<Record<string, { names: readonly string[]; why: string }>> = {
  'onnxruntime-node': {
    names: ['adm-zip', 'global-agent'],
    why: 'its download of libraries for graphic cards',
  },
  'gstreamer-superficial': { names: ['nan'], why: 'headers, for its compilation' },
  '@serialport/bindings-cpp': { names: ['node-addon-api'], why: 'headers, for its compilation' },
  '@tensorflow/tfjs-core': {
    names: ['node-fetch'],
    why: 'for a Node without a fetch of its own; nothing is fetched through it at all',
  },
  '@tensorflow/tfjs-converter': { names: ['node-fetch'], why: 'nothing in it asks for it' },
  '@homebridge/dbus-native': {
    names: ['event-stream', 'hexy', 'minimist'],
    why: 'its command, and buses that are reached by starting a program',
  },
  'uWebSockets.js': {
    names: ['ws', 'bufferutil', 'utf-8-validate'],
    why: 'its fallback in JavaScript: a camera without the native server is one to be returned from',
  },
};

/** Packages of which only these are loaded. The others of the field bring each variant for each bundler. */
const only: Readonly<Record<string, { keeps: RegExp; why: string }>> = {
  '@tensorflow/tfjs-core': { keeps: /^dist\/tf-core\.node\.js$/, why: 'the one that Node loads' },
  '@tensorflow/tfjs-converter': { keeps: /^dist\/tf-converter\.node\.js$/, why: 'the one that Node loads' },
  '@tensorflow/tfjs-backend-wasm': {
    keeps: /^dist\/(tf-backend-wasm\.node\.js|tfjs-backend-wasm(-simd)?\.wasm)$/,
    why: 'the one that Node loads, and the two it chooses from: threads are for browsers',
  },
  '@tensorflow/tfjs-backend-cpu': { keeps: /^$/, why: 'it is inside the other back end already' },
  mediabunny: { keeps: /^dist\/modules\/.*\.js$/, why: 'what an import resolves to' },
  mp4box: { keeps: /^dist\/[^/]+\.mjs$/, why: 'what an import resolves to' },
  msgpackr: {
    keeps: /^([^/]+\.js|dist\/(node\.cjs|index-no-eval\.min\.js))$/,
    why: 'what Node resolves, and what the console is served',
  },
  zod: { keeps: /^(index\.js|v4\/(classic|core|locales)\/.*\.js)$/, why: 'what an import resolves to' },
  protobufjs: { keeps: /^(light|minimal)\.js$|^src\//, why: 'what the light form needs' },
  'gstreamer-superficial': {
    keeps: /^build\/Release\/gstreamer-superficial\.node$/,
    why: 'the rest is its source and what the compiler left',
  },
  'onnxruntime-node': { keeps: /^(dist\/|bin\/napi-v\d+\/linux\/)/, why: 'sources and other systems' },
  'onnxruntime-common': { keeps: /^dist\/cjs\//, why: 'what the library above it requires' },
  'uWebSockets.js': { keeps: /^(src\/uws\.js|binaries\/)/, why: 'the server itself' },
  xml2js: { keeps: /^lib\/(?!xml2js\.bc)/, why: 'the other is for browsers' },
};

interface Rule {
  why: string;
  drops: (path: string, target: Target) => boolean;
}

const rules: readonly Rule[] = [
  {
    why: 'Node loads nothing else: typings, maps, sources and documentation stay where the bundle was made',
    drops: (path) => !/\.([cm]?js|json|node|wasm)$|\.so(\.\d+)*$/.test(path),
  },
  {
    why: 'tests, examples, documentation, and what tools left in folders of their own',
    drops: (path) => /(^|\/)(__tests__|tests?|docs?|examples?|bench(mark)?s?|coverage|\.[^/]+)\//.test(path),
  },
  { why: 'tests that lie beside what they test', drops: (path) => /[._-](test|spec)\.[cm]?js$/.test(path) },
  {
    why: 'settings of the tools that made the package',
    drops: (path) => /(^|\/)(tsconfig[^/]*|\.[^/]*|[^/]+\.config\.[cm]?js)$/.test(path),
  },
  {
    why: 'binaries for another system: a camera is Debian, with glibc',
    drops: (path) =>
      path.endsWith('.node') && /(^|\/)(android|darwin|win32|freebsd)[-_/]|\bmusl\b/.test(path),
  },
  {
    why: 'binaries for another Node',
    drops: (path, { nodeAbi }) => {
      const abi = /(?:_|\.abi)(\d{2,3})(?:\.glibc)?\.node$/.exec(path);
      return abi !== null && abi[1] !== nodeAbi;
    },
  },
];

/** Those that the licence asks to hand on. */
const licence = /^(licen[cs]es?|copying|notice|third.?party.?notices?|authors)([-.][^/]*)?$/i;

/**
 * @param name of the package
 * @param path in the package
 */
export function isKept(name: string, path: string, target: Target): boolean {
  if (path === 'package.json' || licence.test(path)) return true;
  const chosen = only[name];
  if (chosen && !chosen.keeps.test(path)) return false;
  return !rules.some(({ drops }) => drops(path, target));
}

/** Packages that must bring a native part for the target, or the camera does not start. */
export function nativePackages({ arch }: Target): string[] {
  return [
    'gstreamer-superficial',
    'onnxruntime-node',
    'uWebSockets.js',
    '@serialport/bindings-cpp',
    `@node-rs/crc32-linux-${arch}-gnu`,
  ];
}

/** `e_machine` of the ELF header. */
const machines: Readonly<Record<BundleManifest['arch'], number>> = { x64: 0x3e, arm64: 0xb7 };

/** Whether these first bytes are of a Linux binary for the target; false for what is of another system or machine. */
export function isNativeFor(head: Uint8Array, { arch }: Pick<Target, 'arch'>): boolean {
  const elf = Buffer.from(head.subarray(0, 20));
  return elf.length === 20 && elf.readUInt32BE(0) === 0x7f454c46 && elf.readUInt16LE(18) === machines[arch];
}
