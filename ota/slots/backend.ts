/**
 * The two places that a version can be kept in, behind one interface: directories (`dir`) and partitions (`rauc`). Called by
 * ota/updater/updater.ts alone. Whatever is cut, the version that ran before still boots.
 */
import type { SlotName, SlotRecord, Trial, Vital } from '../launcher/slot-state.js';

/** A bundle whose signature, length and hash were verified. */
export interface Installable {
  version: string;
  /** of its `bundle.json`; of a RAUC bundle the SHA-256 of the file */
  manifestSha256: string;
  /**
   * `tree`: writes the files under an empty directory, models checked by the gate before it resolves; `rauc`: the file to
   * hand to RAUC.
   */
  content:
    | {
        kind: 'tree';
        unpack: (directory: string, signal: AbortSignal) => Promise<void>;
        /** no more than this comes out */
        treeBytes: number;
        /** what lies beside it meanwhile; 0 when absent */
        scratchBytes?: number;
      }
    | { kind: 'rauc'; file: string };
}

export interface SlotsStatus {
  /** null: not known, or not started by the launcher */
  running: { slot: SlotName; record: SlotRecord } | null;
  /** what the next start boots */
  next: SlotName;
  /** null: what runs is confirmed */
  trial: Trial | null;
  other: SlotRecord | null;
  /** a return that was not told yet */
  returned: { version: string; why: 'tries' | 'damaged' } | null;
  /** `manifestSha256` of versions that are not installed again by themselves */
  failed: readonly string[];
  /** how often the installation of a version was cut: the power, or a camera that ended while it wrote; absent: never */
  cut?: CutInstallation;
}

export interface CutInstallation {
  manifestSha256: string;
  times: number;
}

/** Every call rejects with a VigieError of kind `update` or `store`. */
export interface SlotBackend {
  readonly kind: 'dir' | 'rauc';
  /** clears what a cut installation left */
  start(signal: AbortSignal): Promise<void>;
  status(): Promise<SlotsStatus>;
  /**
   * Writes the slot that does not run and, last and at once, makes the next start boot it on trial.
   * @param onShare 0 to 1
   */
  install(
    bundle: Installable,
    options: { asked: readonly Vital[]; onShare: (share: number) => void },
    signal: AbortSignal,
  ): Promise<void>;
  /** the running version is kept */
  confirm(): Promise<void>;
  /** the next start boots the other version; rejects when there is none that was confirmed */
  rollback(): Promise<void>;
  returnTold(): Promise<void>;
  stop(): Promise<void>;
}

/** Named places in an installation where a test kills or cuts; nothing in the product. */
export type Reached = (step: string) => void | Promise<void>;
