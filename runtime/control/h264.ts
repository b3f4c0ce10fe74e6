/**
 * What the live muxer must know of H.264: where the NAL units of an access unit lie, and what its parameter sets
 * say to a player (ITU-T H.264, annex B and 7.3.2.1.1; ISO/IEC 14496-15, 5.3.3.1). Read by fmp4.ts. Never decodes.
 */

/** nal_unit_type values that matter here (ITU-T H.264, table 7-1). */
const nalTypes = { sps: 7, pps: 8, delimiter: 9 } as const;

export interface AccessUnit {
  sps: Buffer | null;
  pps: Buffer | null;
  /** the other NAL units, each behind a length of 4 bytes, as a sample of an MP4 file has them */
  sample: Buffer;
}

/** Splits an Annex B access unit. Parameter sets go to the sample description, delimiters nowhere. */
export function splitAccessUnit(annexB: Uint8Array): AccessUnit {
  const bytes = Buffer.from(annexB.buffer, annexB.byteOffset, annexB.byteLength);
  const found: AccessUnit = { sps: null, pps: null, sample: Buffer.alloc(0) };
  const parts: Buffer[] = [];
  for (const nal of nalUnits(bytes)) {
    const type = (nal[0] ?? 0) & 0x1f;
    if (type === nalTypes.sps) found.sps = nal;
    else if (type === nalTypes.pps) found.pps = nal;
    else if (type !== nalTypes.delimiter) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      parts.push(length, nal);
    }
  }
  found.sample = Buffer.concat(parts);
  return found;
}

const startCode = Buffer.from([0, 0, 1]);

function* nalUnits(bytes: Buffer): Generator<Buffer> {
  let start = bytes.indexOf(startCode);
  while (start >= 0) {
    const next = bytes.indexOf(startCode, start + 3);
    let end = next >= 0 ? next : bytes.length;
    // Zero bytes before a start code belong to it (annex B.1.1), and a NAL unit never ends with one (7.4.1).
    while (end > start + 3 && bytes[end - 1] === 0) end -= 1;
    if (end > start + 3) yield bytes.subarray(start + 3, end);
    start = next;
  }
}

/** The MIME type of a stream with this SPS: profile, constraints and level in hexadecimal (RFC 6381, 3.3). */
export function mimeOf(sps: Buffer): string {
  return `video/mp4; codecs="avc1.${sps.subarray(1, 4).toString('hex').toUpperCase()}"`;
}

/** Profiles whose decoder configuration carries chroma format and bit depths. */
const highProfiles = new Set([100, 110, 122, 144]);

/** AVCDecoderConfigurationRecord with one SPS and one PPS, 4:2:0 with 8 bits. */
export function decoderConfiguration(sps: Buffer, pps: Buffer): Buffer {
  const head = Buffer.from([
    1,
    sps[1] ?? 0,
    sps[2] ?? 0,
    sps[3] ?? 0,
    0xff,
    0xe1,
    sps.length >> 8,
    sps.length & 255,
  ]);
  const middle = Buffer.from([1, pps.length >> 8, pps.length & 255]);
  const tail = highProfiles.has(sps[1] ?? 0) ? Buffer.from([0xfd, 0xf8, 0xf8, 0]) : Buffer.alloc(0);
  return Buffer.concat([head, sps, middle, pps, tail]);
}
