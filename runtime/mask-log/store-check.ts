/**
 * Checks what a store holds of an interval (docs/mask-log.md, "Procedure: checking a recording"). Used by runtime/cli/mask.ts,
 * which gives it the decoder. Reads as an export does; writes nothing.
 */
import type { PictureSize } from '../../pipelines/frame.js';
import type { ExportSource } from '../record/export.js';
import type { GopUnit, StoredGop } from '../record/gop.js';
import { MaskCheck } from './check.js';
import type { PeopleDemand } from './demand.js';
import { Findings } from './findings.js';
import type { KeptTable } from './tables.js';

/** Decoded together: a child process for each GOP would be most of the work. */
const mostTogether = 250;

export type Decode = (units: readonly Uint8Array[], size: PictureSize) => AsyncIterable<Uint8Array>;

export interface CheckResult {
  findings: Findings;
  pictures: number;
  /** samples that were looked at */
  pixels: number;
  /** of the first and of the last picture, milliseconds; null when there is none */
  fromMs: number | null;
  toMs: number | null;
  /** records whose key was destroyed */
  destroyed: number;
}

export interface CheckOptions {
  fromMs: number;
  toMs: number;
  signal?: AbortSignal;
  onProgress?: (share: number) => void;
}

/** A GOP with all of its pieces. */
interface WholeGop extends PictureSize {
  units: GopUnit[];
}

export class StoreCheck {
  readonly #findings = new Findings();
  #check: MaskCheck | null = null;
  #size: PictureSize = { width: 0, height: 0 };
  readonly #result: CheckResult = {
    findings: this.#findings,
    pictures: 0,
    pixels: 0,
    fromMs: null,
    toMs: null,
    destroyed: 0,
  };

  /** @param deps.tables by digest */
  constructor(
    private readonly deps: {
      source: ExportSource;
      tables: ReadonlyMap<string, KeptTable>;
      decode: Decode;
      /** when people must be covered */
      demand?: PeopleDemand | null;
    },
  ) {}

  async run({ fromMs, toMs, signal, onProgress }: CheckOptions): Promise<CheckResult> {
    const { source } = this.deps;
    const of = source.select(fromMs, toMs).length;
    const found = { pictures: 0, digest: '', zone: null, pixels: 0, box: null };
    const ranges = {
      ...(signal && { signal }),
      onDamage: ({ wallFirstUs }: { wallFirstUs: number }) =>
        this.#findings.add({ ...found, kind: 'damaged', atMs: wallFirstUs / 1000 }),
      onDestroyed: () => void this.#result.destroyed++,
    };
    let together: WholeGop[] = [];
    // Looking takes far longer than reading.
    let [read, looked] = [0, 0];
    const look = async (): Promise<void> => {
      const step = (read - looked) / Math.max(1, countOf(together));
      let at = looked;
      await this.#look(together, () => {
        at += step;
        onProgress?.(Math.min(1, at / Math.max(1, of)));
      });
      looked = read;
      together = [];
    };
    for await (const gop of source.range(fromMs, toMs, ranges)) {
      const last = together.at(-1);
      if (gop.continues && last) last.units.push(...gop.units);
      else {
        if (last && (isOther(last, gop) || countOf(together) >= mostTogether)) await look();
        together.push({ units: [...gop.units], width: gop.width, height: gop.height });
      }
      read += 1;
    }
    await look();
    onProgress?.(1);
    this.#addUp();
    return this.#result;
  }

  /** When one of several does not decode, each is looked at alone, so that it is named. */
  async #look(gops: readonly WholeGop[], onPicture?: () => void): Promise<void> {
    const [first] = gops;
    if (!first) return;
    const units = gops.flatMap((gop) => gop.units);
    const check = this.#checkOf(first);
    const before = { pictures: check.pictures, pixels: check.pixels };
    const findings = new Findings();
    let decoded = 0;
    for await (const picture of this.deps.decode(
      units.map(({ data }) => data),
      first,
    )) {
      const unit = units[decoded++];
      if (unit) check.look(picture, unit, findings);
      onPicture?.();
    }
    if (decoded !== units.length && gops.length > 1) {
      Object.assign(check, before);
      for (const gop of gops) await this.#look([gop]);
      return;
    }
    this.#result.fromMs ??= units[0]?.wallMs ?? null;
    this.#result.toMs = units.at(-1)?.wallMs ?? null;
    this.#findings.take(findings);
    if (decoded === units.length) return;
    const { wallMs: atMs, mask } = units[0] ?? { wallMs: 0, mask: { digest: '' } };
    const found = { pictures: units.length, digest: mask.digest, zone: null, pixels: 0, box: null };
    this.#findings.add({ ...found, kind: 'undecodable', atMs });
  }

  #checkOf({ width, height }: PictureSize): MaskCheck {
    if (this.#check && !isOther(this.#size, { width, height })) return this.#check;
    this.#addUp();
    this.#size = { width, height };
    this.#check = new MaskCheck(this.deps.tables, this.#size, this.deps.demand);
    return this.#check;
  }

  #addUp(): void {
    this.#result.pictures += this.#check?.pictures ?? 0;
    this.#result.pixels += this.#check?.pixels ?? 0;
    this.#check = null;
  }
}

function isOther(a: PictureSize, b: PictureSize | StoredGop): boolean {
  return a.width !== b.width || a.height !== b.height;
}

function countOf(gops: readonly WholeGop[]): number {
  return gops.reduce((sum, { units }) => sum + units.length, 0);
}
