/**
 * The alert queue. Fed by runtime/main.ts with what scene/ found; read by control/server.ts, which carries it to
 * operators. Tells its subscribers first and writes at once after: the operator has half a second, the disk does
 * not. Never drops an alert that nobody acknowledged while an acknowledged one is left to drop, never gives a
 * number twice, never writes a picture to the disk.
 */
import type { Clock, Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { Alert, AlertUpdate } from '../scene/alert.js';
import { AlertJournal, type JournalContent, type JournalLine } from './journal.js';
import type { Acknowledgement, Verdict } from './protocol.js';

export interface AlertEntry {
  alert: Alert;
  acked: Acknowledgement | null;
  /** what became of its incident, the last that was told */
  update: AlertUpdate | null;
}

export type AlertEvent =
  | { kind: 'alert'; entry: AlertEntry }
  | { kind: 'picture'; id: string; jpeg: Uint8Array }
  | { kind: 'updated'; update: AlertUpdate }
  | { kind: 'acked'; entry: AlertEntry };

/** Pictures held in memory for consoles that connect later. */
const picturesKept = { count: 100, bytes: 24 << 20 } as const;
/** Alerts of which a client that comes back is told the update again. */
const updatesAgain = 100;
/** After a cut, numbers that may have been told and not written are stepped over (docs/protocol.md, P3). */
const numberGap = 100;

export class AlertQueue {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #keep: number;
  readonly #journal: AlertJournal;
  readonly #entries = new Map<string, AlertEntry>();
  readonly #pictures = new Map<string, Uint8Array>();
  readonly #subscribers = new Set<(event: AlertEvent) => void>();
  #next = 1;
  #total = 0;
  #waiting: JournalLine[] = [];
  #writing: Promise<void> | null = null;
  #linesOnDisk = 0;
  #running = false;
  #writeFailed = false;

  /**
   * @param options.directory where the journal lies; made with mode 0700
   * @param options.keep alerts kept, acknowledged ones dropped first; 10,000 by default
   */
  constructor(deps: { clock: Clock; log: Log }, options: { directory: string; keep?: number }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#keep = options.keep ?? 10_000;
    this.#journal = new AlertJournal({ directory: options.directory });
  }

  /**
   * Reads the journal and compacts it.
   * @throws VigieError of kind `store` when the directory cannot be used
   */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#restore(await this.#journal.read());
    await this.#compact();
    this.#running = true;
  }

  /** Writes what waits and closes. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#waiting.push({ t: 'closed' });
    await this.#drain();
    await this.#journal.close();
  }

  /** Numbers and keeps an alert, tells the subscribers, then writes it. Returns the alert with its number. */
  push(alert: Alert): Alert {
    const numbered = { ...alert, number: this.#next };
    this.#next += 1;
    this.#total += 1;
    const entry: AlertEntry = { alert: numbered, acked: null, update: null };
    this.#entries.set(numbered.id, entry);
    this.#bound();
    this.#tell({ kind: 'alert', entry });
    this.#write({ t: 'alert', alert: numbered });
    return numbered;
  }

  /** Keeps and tells what became of an alert. Ignored for an alert that is gone, and when a later one was told. */
  update(update: AlertUpdate): void {
    const entry = this.#entries.get(update.id);
    if (!entry || update.update <= (entry.update?.update ?? 0)) return;
    entry.update = update;
    this.#tell({ kind: 'updated', update });
    this.#write({ t: 'update', update });
  }

  /** Adds the masked picture of an alert. Held in memory only, the last 100, within 24 MiB. Ignored for an alert that is gone. */
  attachPicture(id: string, jpeg: Uint8Array): void {
    if (!this.#entries.has(id)) return;
    this.#pictures.set(id, jpeg);
    let bytes = 0;
    for (const { length } of this.#pictures.values()) bytes += length;
    for (const [oldest, { length }] of this.#pictures) {
      if (this.#pictures.size <= picturesKept.count && bytes <= picturesKept.bytes) break;
      this.#pictures.delete(oldest);
      bytes -= length;
    }
    this.#tell({ kind: 'picture', id, jpeg });
  }

  /** Acknowledges, or replaces the acknowledgement; null when there is no such alert. */
  ack(id: string, by: string, verdict: Verdict): AlertEntry | null {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    entry.acked = { by, verdict, atMs: this.#clock.wallMs() };
    this.#tell({ kind: 'acked', entry });
    this.#write({ t: 'ack', id, acked: entry.acked });
    return entry;
  }

  /** Alerts with a higher number, ascending, at most `limit`. */
  since(number: number, limit = Number.POSITIVE_INFINITY): AlertEntry[] {
    const found: AlertEntry[] = [];
    for (const entry of this.#entries.values()) {
      if (found.length >= limit) break;
      if (entry.alert.number > number) found.push(entry);
    }
    return found;
  }

  /** The last updates of the newest alerts up to a number, ascending: what a client that was away may have missed. */
  updatesUpTo(number: number): AlertUpdate[] {
    const known = [...this.#entries.values()].filter(({ alert }) => alert.number <= number);
    return known
      .slice(-updatesAgain)
      .map(({ update }) => update)
      .filter((update) => update !== null);
  }

  picture(id: string): Uint8Array | null {
    return this.#pictures.get(id) ?? null;
  }

  /** The highest number given, 0 before the first alert. */
  get lastNumber(): number {
    return this.#next - 1;
  }

  /** Alerts ever given a number, and those kept that nobody acknowledged. */
  counts(): { total: number; pending: number } {
    let pending = 0;
    for (const { acked } of this.#entries.values()) if (!acked) pending += 1;
    return { total: this.#total, pending };
  }

  /** Calls back within push(), update(), attachPicture() and ack(); returns what cancels it. */
  subscribe(listener: (event: AlertEvent) => void): () => void {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  }

  /** Resolves when everything pushed so far is on the disk (or its failure is logged). */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  #restore({ lines, damaged, torn }: JournalContent): void {
    if (damaged > 0) this.#log.warn(`The alert journal had ${damaged} damaged lines; they were skipped`);
    let highest = 0;
    for (const line of lines) {
      if (line.t === 'alert') {
        if (!this.#entries.has(line.alert.id)) this.#total += 1;
        this.#entries.set(line.alert.id, { alert: line.alert, acked: null, update: null });
        highest = Math.max(highest, line.alert.number);
      } else if (line.t === 'ack') {
        const entry = this.#entries.get(line.id);
        if (entry) entry.acked = line.acked;
      } else if (line.t === 'update') {
        const entry = this.#entries.get(line.update.id);
        if (entry) entry.update = line.update;
      } else if (line.t === 'open') {
        highest = Math.max(highest, line.next - 1);
        this.#total = line.total;
      }
    }
    const clean = lines.length === 0 ? damaged === 0 && !torn : lines.at(-1)?.t === 'closed' && !torn;
    this.#next = highest + 1 + (clean ? 0 : numberGap);
    const ascending = [...this.#entries.values()].sort((a, b) => a.alert.number - b.alert.number);
    this.#entries.clear();
    for (const entry of ascending) this.#entries.set(entry.alert.id, entry);
    this.#bound();
  }

  /** Drops the oldest acknowledged alert above the bound; the oldest of all only when none is acknowledged. */
  #bound(): void {
    while (this.#entries.size > this.#keep) {
      let victim: string | undefined;
      for (const [id, { acked }] of this.#entries) {
        victim ??= id;
        if (!acked) continue;
        victim = id;
        break;
      }
      if (victim === undefined) return;
      if (!this.#entries.get(victim)?.acked)
        this.#log.warn('The alert queue is full of unacknowledged alerts');
      this.#entries.delete(victim);
      this.#pictures.delete(victim);
    }
  }

  #tell(event: AlertEvent): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(event);
      } catch (error) {
        this.#log.error(`A reader of the alert queue failed: ${errorLine(error)}`);
      }
    }
  }

  #write(line: JournalLine): void {
    if (!this.#running) return;
    this.#waiting.push(line);
    void this.#drain();
  }

  /** One writer; what arrives meanwhile goes with the next synchronisation. */
  #drain(): Promise<void> {
    if (this.#writing) return this.#writing;
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#writing = this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        // After a failed write the content of the file is unknown: the whole journal is written anew.
        const rewrite = this.#writeFailed || this.#linesOnDisk > 4 * this.#keep + 1000;
        if (rewrite) await this.#compact(lines.at(-1)?.t === 'closed');
        else await this.#journal.append(lines);
        this.#linesOnDisk += rewrite ? 0 : lines.length;
        this.#writeFailed = false;
      } catch (error) {
        if (!this.#writeFailed) this.#log.error(errorLine(error));
        this.#writeFailed = true;
      }
    }
    // Here and not in a later turn: a line pushed in between would wait for the one after it.
    this.#writing = null;
  }

  async #compact(closed = false): Promise<void> {
    const kept: JournalLine[] = [];
    for (const { alert, acked, update } of this.#entries.values()) {
      kept.push({ t: 'alert', alert });
      if (update) kept.push({ t: 'update', update });
      if (acked) kept.push({ t: 'ack', id: alert.id, acked });
    }
    // After the alerts: `total` counts those that were dropped as well.
    kept.push({ t: 'open', next: this.#next, total: this.#total });
    if (closed) kept.push({ t: 'closed' });
    await this.#journal.replace(kept);
    this.#linesOnDisk = kept.length;
  }
}
