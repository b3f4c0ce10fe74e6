/**
 * Fragmented MP4 of one H.264 track, one frame a fragment (ISO/IEC 14496-12, 8.8). Used by live.ts. The boxes are
 * mp4box's; its file object is kept for its track only and never holds a sample.
 */
import { createFile, DataStream, Endianness, type ISOFile, type Sample } from 'mp4box';
import { VigieError } from '../../errors.js';
import type { PictureSize } from '../../pipelines/frame.js';
import { decoderConfiguration, mimeOf } from './h264.js';

/** Ticks a second: microseconds, those of the capture clock. */
export const timescale = 1_000_000;

export interface InitSegment {
  mime: string;
  data: Uint8Array;
}

export interface Frame {
  key: boolean;
  /** microseconds since the start of the feed */
  decodeUs: number;
  durationUs: number;
  /** length-prefixed NAL units */
  sample: Buffer;
}

export class FragmentMuxer {
  readonly init: InitSegment;
  readonly #file: ISOFile;
  readonly #track: number;
  readonly #description: Sample['description'];

  constructor(sps: Buffer, pps: Buffer, size: PictureSize) {
    this.#file = createFile();
    const record = decoderConfiguration(sps, pps);
    this.#track = this.#file.addTrack({
      type: 'avc1',
      width: size.width,
      height: size.height,
      timescale,
      name: 'Vigie',
      language: 'und',
      avcDecoderConfigRecord: Uint8Array.from(record).buffer,
    });
    const description = this.#file.getTrackById(this.#track).mdia.minf.stbl.stsd.entries[0];
    if (!description)
      throw new VigieError('internal', 'A live track has no description', 'This is a defect: report it');
    this.#description = description;
    this.init = { mime: mimeOf(sps), data: written(this.#file.getBuffer()) };
  }

  /** One `moof` and its `mdat`. */
  fragment({ key, decodeUs, durationUs, sample }: Frame): Uint8Array {
    const moof = this.#file.createMoof([this.#sample(key, decodeUs, durationUs, sample.length)]);
    const run = moof.trafs[0]?.truns[0];
    if (!run) throw new VigieError('internal', 'A live fragment has no run', 'This is a defect: report it');
    const stream = new DataStream(undefined, 0, Endianness.BIG_ENDIAN);
    moof.write(stream);
    stream.adjustUint32(run.data_offset_position, moof.size + 8);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + sample.length);
    head.write('mdat', 4, 'latin1');
    return Buffer.concat([written(stream), head, sample]);
  }

  /** What createMoof reads of a sample, and the rest of its type at rest. */
  #sample(key: boolean, decodeUs: number, durationUs: number, bytes: number): Sample {
    return {
      track_id: this.#track,
      is_sync: key,
      dts: decodeUs,
      cts: decodeUs,
      duration: durationUs,
      size: bytes,
      timescale,
      description: this.#description,
      description_index: 0,
      number: 0,
      offset: 0,
      is_leading: 0,
      depends_on: 0,
      is_depended_on: 0,
      has_redundancy: 0,
      degradation_priority: 0,
    };
  }
}

function written(stream: DataStream): Uint8Array {
  return Uint8Array.from(new Uint8Array(stream.buffer, 0, stream.byteLength));
}
