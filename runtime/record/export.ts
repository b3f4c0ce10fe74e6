/**
 * Writes an interval of the store as an MP4 file that any player shows. Used by `vigie store export`. Remuxes, never
 * re-encodes; the file appears whole under its name, or not at all.
 */
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
  StreamTarget,
  type StreamTargetChunk,
} from 'mediabunny';
import { VigieError } from '../../errors.js';
import type { Listing } from './coverage.js';
import type { GopUnit, StoredGop } from './gop.js';
import type { RangeOptions } from './read.js';
import type { RecordEntry } from './ring-index.js';
import { Timeline } from './timeline.js';

/** What an export reads from: a StoreReader. */
export interface ExportSource {
  select(fromMs: number, toMs: number): RecordEntry[];
  range(fromMs: number, toMs: number, options?: RangeOptions): AsyncIterable<StoredGop>;
  list(): Listing;
}

export interface ExportOptions {
  fromMs: number;
  toMs: number;
  /** path of the MP4 file */
  file: string;
  /** replace a file of that name */
  force?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: { gops: number; of: number }) => void;
  /** told each GOP, or piece of one, that is in the file, in order */
  onGop?: (gop: StoredGop) => void;
}

export interface ExportResult {
  pictures: number;
  gops: number;
  /** wall clock of the first and of the last picture, milliseconds */
  firstMs: number;
  lastMs: number;
  bytes: number;
  /** records of the interval that are damaged and therefore missing in the file */
  damaged: number;
  /** records of the interval whose key was destroyed */
  destroyed: number;
}

/**
 * @throws VigieError `store`: nothing in the interval, a file of that name, a picture size that changes, a full disk;
 *   nothing is left of the file then
 */
export async function exportMp4(source: ExportSource, options: ExportOptions): Promise<ExportResult> {
  const { fromMs, toMs, file, force } = options;
  if (!(fromMs < toMs)) {
    throw new VigieError(
      'store',
      'The interval is empty: --from is not before --to',
      'Give --from before --to',
    );
  }
  if (!force && (await exists(file))) {
    throw new VigieError('store', `${file} exists`, 'Give another name, or --force to replace it');
  }
  const entries = source.select(fromMs, toMs);
  if (entries.length === 0) throw nothingThere(source.list(), fromMs, toMs);
  const unfinished = `${file}.tmp`;
  try {
    const result = await writeMp4(source, options, unfinished, entries);
    await rename(unfinished, file);
    await syncDirectory(dirname(file));
    return result;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    if (error instanceof VigieError || options.signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new VigieError('store', `Cannot write ${file}: ${reason}`, 'Check the disk and the directory', {
      cause: error,
    });
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file is for its owner alone, whatever the umask: it shows people. */
async function writeMp4(
  source: ExportSource,
  options: ExportOptions,
  path: string,
  entries: readonly RecordEntry[],
): Promise<ExportResult> {
  await rm(path, { force: true });
  const handle = await open(path, 'wx', 0o600);
  try {
    const sink = new WritableStream<StreamTargetChunk>({
      async write({ data, position }) {
        for (let done = 0; done < data.length; ) {
          const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
          done += bytesWritten;
        }
      },
    });
    const result = await mux(
      source,
      options,
      new StreamTarget(sink, { chunked: true, chunkSize: 1 << 20 }),
      entries,
    );
    await handle.sync();
    return { ...result, bytes: (await handle.stat()).size };
  } finally {
    await handle.close();
  }
}

async function mux(
  source: ExportSource,
  { fromMs, toMs, signal, onProgress, onGop }: ExportOptions,
  target: StreamTarget,
  entries: readonly RecordEntry[],
): Promise<Omit<ExportResult, 'bytes'>> {
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'reserve' }), target });
  const track = new EncodedVideoPacketSource('avc');
  const maximumPacketCount = entries.reduce((sum, entry) => sum + entry.units, 0);
  output.addVideoTrack(track, { maximumPacketCount });
  const firstMs = (entries[0]?.wallFirstUs ?? 0) / 1000;
  const { cameraId } = source.list();
  output.setMetadataTags({
    title: cameraId,
    date: new Date(firstMs),
    comment: new Date(firstMs).toISOString(),
  });
  await output.start();
  let damaged = 0;
  let destroyed = 0;
  let records = 0;
  let gops = 0;
  const packets = new Packets(track);
  try {
    const told = { onDamage: () => damaged++, onDestroyed: () => destroyed++ };
    for await (const gop of source.range(fromMs, toMs, { ...(signal && { signal }), ...told })) {
      await packets.add(gop);
      onGop?.(gop);
      records += 1;
      gops += gop.continues ? 0 : 1;
      onProgress?.({ gops: records, of: entries.length });
    }
    await packets.end();
    if (packets.pictures === 0) {
      throw new VigieError('store', 'Everything in this interval is damaged', 'Run vigie store check');
    }
    await output.finalize();
  } catch (error) {
    if (output.state !== 'finalized') await output.cancel().catch(() => {});
    throw error;
  }
  const { pictures, firstMs: beginsMs, lastMs } = packets;
  return { pictures, gops, firstMs: beginsMs, lastMs, damaged, destroyed };
}

/** Turns GOPs into packets. One picture is held back: its duration is the time to the next. */
class Packets {
  pictures = 0;
  firstMs = 0;
  lastMs = 0;
  readonly #timeline = new Timeline();
  #held: { unit: GopUnit; atUs: number } | null = null;
  #size: { width: number; height: number } | null = null;
  #stepUs = 40_000;
  #described = false;

  constructor(private readonly track: EncodedVideoPacketSource) {}

  async add(gop: StoredGop): Promise<void> {
    this.#size ??= { width: gop.width, height: gop.height };
    if (gop.width !== this.#size.width || gop.height !== this.#size.height) {
      throw new VigieError(
        'store',
        `The picture size changes in this interval, at ${new Date(gop.units[0]?.wallMs ?? 0).toISOString()}`,
        'Export what lies before and after each on its own',
      );
    }
    for (const unit of gop.units) {
      const atUs = this.#timeline.place(unit, gop.run);
      await this.#release(atUs);
      this.#held = { unit, atUs };
      if (this.pictures === 0) this.firstMs = unit.wallMs;
      this.lastMs = unit.wallMs;
      this.pictures += 1;
    }
  }

  /** The last picture stands as long as the one before it. */
  async end(): Promise<void> {
    if (this.#held) await this.#release(this.#held.atUs + this.#stepUs);
  }

  async #release(nextUs: number): Promise<void> {
    if (!this.#held || !this.#size) return;
    const { unit, atUs } = this.#held;
    this.#stepUs = nextUs - atUs;
    const packet = new EncodedPacket(unit.data, unit.key ? 'key' : 'delta', atUs / 1e6, this.#stepUs / 1e6);
    if (this.#described) return this.track.add(packet);
    this.#described = true;
    const { width, height } = this.#size;
    const decoderConfig = { codec: codecOf(unit.data), codedWidth: width, codedHeight: height };
    await this.track.add(packet, { decoderConfig });
  }
}

/** `avc1.PPCCLL` from the sequence parameter set of a key picture (RFC 6381); the most common one when there is none. */
function codecOf(annexB: Uint8Array): string {
  for (let i = 0; i + 6 < annexB.length; i++) {
    const start = annexB[i] === 0 && annexB[i + 1] === 0 && annexB[i + 2] === 1;
    if (!start || ((annexB[i + 3] ?? 0) & 0x1f) !== 7) continue;
    return `avc1.${Buffer.from(annexB.subarray(i + 4, i + 7)).toString('hex')}`;
  }
  return 'avc1.42001f';
}

function nothingThere({ coverage, destroyed }: Listing, fromMs: number, toMs: number): VigieError {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const gone = destroyed.find((span) => span.fromMs <= toMs && span.toMs >= fromMs);
  if (gone) {
    return new VigieError(
      'store',
      `What was recorded from ${iso(gone.fromMs)} to ${iso(gone.toMs)} was destroyed`,
      'It cannot be read again by anybody; the register says when and why',
    );
  }
  const first = coverage[0];
  const last = coverage.at(-1);
  if (!first || !last) {
    return new VigieError('store', 'Nothing is recorded in this interval', 'The store is empty');
  }
  const spans = coverage.slice(-3).map(({ fromMs, toMs }) => `${iso(fromMs)} to ${iso(toMs)}`);
  const more = coverage.length > 3 ? ` (${coverage.length} stretches in all, see vigie store list)` : '';
  return new VigieError(
    'store',
    'Nothing is recorded in this interval',
    `There is: ${spans.join(', ')}${more}`,
  );
}
