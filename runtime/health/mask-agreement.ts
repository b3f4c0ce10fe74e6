/**
 * What both processes agreed on about the mask, in one life of the pipeline process. Used by supervisor.ts: no picture
 * opens but on a digest that this side computed itself, and none is taken that bears another mask (docs/mask.md).
 */
import type { MaskStamp } from '../../pipelines/frame.js';
import { maskDigest } from '../../pipelines/mask/table.js';
import type { MaskTable } from '../../pipelines/messages.js';

/** Frames of a table before may still be in the encoder, which holds 16 at the most. */
const TABLES_KEPT = 16;

export class MaskAgreement {
  #table: MaskTable | null = null;
  #digest = '';
  #opened: string[] = [];
  #coversPeople = false;

  /** @param told each table that is to be in force, before the process has it */
  constructor(private readonly told: (table: MaskTable) => void = () => undefined) {}

  /** The table that is to be in force, null before the first. */
  get table(): MaskTable | null {
    return this.#table;
  }

  /** Another table is to be in force. */
  change(table: MaskTable): void {
    this.#table = table;
    this.#digest = maskDigest(table);
    this.told(table);
  }

  /** A new process begins: nothing is agreed with it yet. It `coversPeople` in every picture, or is not asked to. */
  born(coversPeople = false): void {
    this.#coversPeople = coversPeople;
    this.#opened = [];
  }

  /**
   * What to do about the process's digest of a table.
   * @returns `open`, `refuse`, or `ignore` for a table that another one has replaced meanwhile
   */
  judge(version: number, digest: string): 'open' | 'refuse' | 'ignore' {
    if (version !== this.#table?.version) return 'ignore';
    if (digest !== this.#digest) return 'refuse';
    this.#opened = [...this.#opened, nameOf(version, digest)].slice(-TABLES_KEPT);
    return 'open';
  }

  /**
   * Whether a picture may bear this stamp: hidden as a whole before any table, or under a table that was opened; under one
   * of those, the whole picture is hidden for a reason or not at all. With the person mask, only as it covered people.
   */
  allows({ version, digest, state, why, people, next }: MaskStamp): boolean {
    if (this.#coversPeople && people === undefined) return false;
    if ((why !== undefined) !== (state === 'full' && version !== 0)) return false;
    if (next !== undefined && state !== 'both') return false;
    return version === 0 ? state === 'full' : this.#opened.includes(nameOf(version, digest));
  }
}

function nameOf(version: number, digest: string): string {
  return `${version} ${digest}`;
}
