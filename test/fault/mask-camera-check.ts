/**
 * The recording of mask-camera-run.ts, checked as `vigie mask check` does (docs/mask-log.md): from its log alone, knowing nothing of where
 * the head truly looked. Of a long recording some GOPs, evenly spread.
 */
import { join } from 'node:path';
import { decodeUnits } from '../../board/linux/h264-decoder.js';
import { StoreCheck } from '../../runtime/mask-log/store-check.js';
import { readTables } from '../../runtime/mask-log/tables.js';
import type { ExportSource } from '../../runtime/record/export.js';
import type { RangeOptions } from '../../runtime/record/read.js';

/** About so many pictures are looked at; each has a view of its own. */
const mostPictures = 2500;

export interface LogCheck {
  pictures: number;
  /** one line each */
  findings: string[];
}

/** @param frames that were recorded */
export async function checkByLog(directory: string, source: ExportSource, frames: number): Promise<LogCheck> {
  const tables = await readTables(join(directory, 'mask'));
  const every = Math.ceil(frames / mostPictures);
  const checking = new StoreCheck({ source: someOf(source, every), tables, decode: decodeUnits });
  const { pictures, findings } = await checking.run({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER / 1000 });
  return {
    pictures,
    findings: findings.all.map(
      ({ kind, zone, pictures: shown, pixels }) =>
        `${kind}${zone === null ? '' : ` of ${zone}`} in ${shown} pictures, ${pixels} pixels in the worst`,
    ),
  };
}

/** One GOP in so many, with all of its pieces. */
function someOf(source: ExportSource, every: number): ExportSource {
  return {
    list: () => source.list(),
    select: (fromMs, toMs) => source.select(fromMs, toMs),
    async *range(fromMs: number, toMs: number, options?: RangeOptions) {
      let at = -1;
      for await (const gop of source.range(fromMs, toMs, options)) {
        if (!gop.continues) at += 1;
        if (at % every === 0) yield gop;
      }
    },
  };
}
