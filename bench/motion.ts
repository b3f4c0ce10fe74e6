/**
 * Part of `npm run bench -- frame`: what the measure of motion costs, in the thread that every frame passes through. The
 * pictures are noise, the worst there is for it: every cell differs a little each time.
 */
import { Motion } from '../pipelines/detect/motion.js';
import { i420Bytes, type PictureSize } from '../pipelines/frame.js';
import { Masker } from '../pipelines/mask/masker.js';
import type { MaskTable } from '../pipelines/messages.js';
import { type Row, row } from './report.js';

const MEASURES = 300;
const WARM_UP = 50;
const PICTURES = 8;

/** Milliseconds of one measure: the median, and the 99th percentile. */
export function benchMotion(sizes: readonly (PictureSize & { name: string })[], table: MaskTable): Row[] {
  return sizes.flatMap(({ name, ...size }) => {
    const masker = new Masker(size);
    masker.open(table.version, masker.load(table));
    const frames = Array.from({ length: PICTURES }, (_, seq) => {
      const data = Buffer.alloc(i420Bytes(size));
      let state = seq + 1;
      for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i] = 100 + (state >>> 27);
      }
      return masker.mask({ kind: 'raw', seq, monoUs: 0, wallMs: 0, ...size, data });
    });
    const motion = new Motion(size, { ratePerSecond: 5 });
    const ms: number[] = [];
    for (let n = 0; n < WARM_UP + MEASURES; n++) {
      const started = process.hrtime.bigint();
      motion.measure(frames[n % PICTURES]);
      if (n >= WARM_UP) ms.push(Number(process.hrtime.bigint() - started) / 1e6);
    }
    ms.sort((a, b) => a - b);
    return [
      row(`${name} measure of motion, p50`, ms[Math.floor(ms.length / 2)], 'ms'),
      row(`${name} measure of motion, p99`, ms[Math.floor(ms.length * 0.99)], 'ms'),
    ];
  });
}
