/**
 * Decodes recorded H.264 in a child process, for the check of the mask (docs/mask-log.md). Used by runtime/cli/mask.ts; never by
 * a camera that runs. What it is fed may be damaged: native code that fails takes only the child with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { VigieError } from '../../errors.js';

/** A decoder that gives nothing for so long has hung: what it has not given is missing. */
const SILENT_MS = 60_000;

/** Plain I420, no row padding: width a multiple of 8, height of 2. */
export interface DecodedSize {
  width: number;
  height: number;
}

const toPictures = [
  'h264parse',
  // What a viewer would be shown is to be looked at, damaged or not.
  'avdec_h264 max-threads=2 output-corrupt=true',
  'videoconvert',
  'video/x-raw,format=I420',
  // Without waiting for a first picture: gst-launch may otherwise wait for ever for one that damage took.
  'fdsink fd=1 sync=false async=false',
];

/**
 * The pictures of access units (Annex B), in order.
 * @throws VigieError `source` when the decoder cannot be started; units that do not decode give fewer pictures
 */
export async function* decodeUnits(units: readonly Uint8Array[], size: DecodedSize): AsyncGenerator<Buffer> {
  const child = decoder(['fdsrc fd=0', ...toPictures], 'pipe');
  // The decoder may end before it has read all; how many pictures came says so.
  child.stdin?.on('error', () => undefined);
  void feed(child.stdin, units);
  yield* pictures(child, size);
}

async function feed(into: Writable | null, units: readonly Uint8Array[]): Promise<void> {
  for (const unit of units) {
    if (!into || into.destroyed) return;
    if (!into.write(unit)) {
      await new Promise<void>((resolve) => {
        into.once('drain', resolve);
        into.once('close', resolve);
      });
    }
  }
  into?.end();
}

/** The pictures of an MP4 file with one H.264 track, in order. */
export async function* decodeMp4(file: string, size: DecodedSize): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r');
  try {
    yield* pictures(decoder(['fdsrc fd=0', 'qtdemux', ...toPictures], handle.fd), size);
  } finally {
    await handle.close();
  }
}

/** Ends with this process, whatever ends it. */
function decoder(elements: readonly string[], input: 'pipe' | number): ChildProcess {
  const launch = ['-q', ...elements.join(' ! ').split(' ')];
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'gst-launch-1.0', ...launch], {
    stdio: [input, 'pipe', 'ignore'],
  });
}

async function* pictures(child: ChildProcess, { width, height }: DecodedSize): AsyncGenerator<Buffer> {
  const bytesEach = (width * height * 3) / 2;
  let refused: Error | null = null;
  child.on('error', (error) => {
    refused = error;
  });
  const silence = setTimeout(() => child.kill('SIGKILL'), SILENT_MS);
  try {
    let picture = Buffer.allocUnsafe(bytesEach);
    let have = 0;
    for await (const chunk of (child.stdout ?? []) as AsyncIterable<Buffer>) {
      silence.refresh();
      for (let at = 0; at < chunk.length; ) {
        const copied = chunk.copy(picture, have, at, at + bytesEach - have);
        at += copied;
        have += copied;
        if (have < bytesEach) continue;
        yield picture;
        picture = Buffer.allocUnsafe(bytesEach);
        have = 0;
      }
    }
  } finally {
    clearTimeout(silence);
    child.kill('SIGKILL');
  }
  if (refused) {
    const hint = 'Install gstreamer1.0-tools, gstreamer1.0-libav and util-linux';
    throw new VigieError('source', 'The decoder cannot be started', hint, { cause: refused });
  }
}
