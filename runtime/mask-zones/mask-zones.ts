/**
 * The private zones in force: the configuration's, or those drawn since (docs/mask.md, "Changing zones"). Asked by the control plane
 * for changes; hands each table to the supervisor, the mask's log and the register through runtime/main.ts. When it is in
 * doubt it hides more; it never hides less before that is kept and told.
 */
import type { Log } from '../../board/ports.js';
import { errorLine } from '../../errors.js';
import type { PictureSize, View } from '../../pipelines/frame.js';
import { directionsOf, maskDigest, pointsOf } from '../../pipelines/mask/table.js';
import type { Lens, MaskTable, MaskZone, Point } from '../../pipelines/messages.js';
import { name as zoneName } from '../config/schema.js';
import { atStart, type Configured, type KeptTables, nextVersion, type Source } from './at-start.js';
import { isSmaller, zonesDigest } from './compare.js';
import { pointsFault, type Refusal, tableFault } from './refusals.js';
import type { KeptZones, ZoneFile } from './zone-file.js';

export interface MaskChanged {
  kind: 'mask-changed';
  /** account; null: the configuration, at a start */
  by: string | null;
  version: number;
  /** digests of the tables; null: not known what it was */
  before: string | null;
  after: string;
  smaller: boolean;
}

export interface MaskZonesDeps {
  log: Log;
  file: Pick<ZoneFile, 'load' | 'save'>;
  /** the tables that were in force, as the mask's log kept them */
  tables: () => Promise<KeptTables>;
  /** resolves when the log has the table, or could not take it */
  keep: (table: MaskTable) => Promise<void>;
  /** resolves when the entry is on the device */
  tell: (event: MaskChanged) => Promise<unknown>;
  /** opens the table by the procedure of docs/mask.md */
  setMask: (table: MaskTable) => void;
}

export interface ZoneChange {
  /** of the table it is made on */
  version: number;
  /** names */
  remove: readonly string[];
  /** corners in shares of the picture that was drawn on */
  add: readonly { name: string; points: Point[] }[];
  /** of the picture that was drawn on; null where there is none */
  view: View | null;
  noneBecause: string | null;
}

export interface ZonesInForce {
  version: number;
  digest: string;
  zones: readonly MaskZone[];
  /** where they come from; `both`: an edit, and a configuration that has changed since */
  source: Source;
  noneBecause: string | null;
}

export type Answer = { zones: ZonesInForce } | { refused: Refusal };

export class MaskZones {
  #kept: KeptZones | null = null;
  #source: Source = 'configuration';
  #tail: Promise<unknown> = Promise.resolve();
  #unkept = false;

  /** @param options.lens of a camera on a head; null: it does not move, and zones are shares of its picture */
  constructor(
    private readonly deps: MaskZonesDeps,
    private readonly options: { configured: Configured; size: PictureSize; lens: Lens | null },
  ) {}

  /** Whether zones are drawn by where the camera looked. */
  get moves(): boolean {
    return this.options.lens !== null;
  }

  /** @throws Error before the start */
  get inForce(): ZonesInForce {
    if (!this.#kept) throw new Error('the zones are not known before the start');
    const { version, zones, edit } = this.#kept;
    const configured = this.options.configured.noneBecause;
    const noneBecause = zones.length > 0 ? null : edit ? edit.noneBecause : configured;
    return { version, digest: maskDigest({ version, zones }), zones, source: this.#source, noneBecause };
  }

  get source(): Source {
    return this.#source;
  }

  /** Whether the newest state is only in memory. */
  get unkept(): boolean {
    return this.#unkept;
  }

  /** The first table of this run. Never rejects: what it cannot know it hides. */
  async start(): Promise<MaskTable> {
    const { log, file, tell } = this.deps;
    const loaded = await file.load();
    const tables = await this.deps.tables().catch((): KeptTables => []);
    const { kept, source, before } = atStart(loaded, tables, this.options.configured);
    this.#kept = kept;
    this.#source = source;
    if (source !== 'configuration' && source !== 'drawn')
      log.warn(`Private zones: what is in force is in doubt (${source}), so more is hidden`);
    await this.#saveOrSay(kept);
    const changed = before && zonesDigest(before.zones) !== zonesDigest(kept.zones);
    const event = this.#event(null, before, kept);
    if (changed || (!before && source !== 'configuration'))
      await tell(event).catch((error: unknown) => this.#untold(error));
    const table = { version: kept.version, zones: kept.zones };
    await this.deps.keep(table);
    return table;
  }

  /** Makes a change, on behalf of an account. One after the other. */
  change(wanted: ZoneChange, by: string): Promise<Answer> {
    return this.#inTurn(async () => {
      if (wanted.version !== this.#kept?.version) return { refused: this.#kept ? 'outdated' : 'stopped' };
      const names = new Set(this.#kept.zones.map(({ name }) => name));
      if (wanted.remove.some((name) => !names.has(name))) return { refused: 'unknown-zone' };
      const zones = this.#kept.zones.filter(({ name }) => !wanted.remove.includes(name));
      for (const drawn of wanted.add) {
        const zone = this.#placed(drawn, wanted.view);
        if (typeof zone === 'string') return { refused: zone };
        zones.push(zone);
      }
      const noneBecause = zones.length === 0 ? (wanted.noneBecause?.trim() ?? null) : null;
      const fault = tableFault(zones, noneBecause);
      if (fault) return { refused: fault };
      const configured = zonesDigest(this.options.configured.zones);
      return this.#put(zones, { origin: 'drawn', configured, zones, noneBecause }, by);
    });
  }

  /** Drops what was drawn: the configuration's zones alone. */
  useConfigured(version: number, by: string): Promise<Answer> {
    return this.#inTurn(async () => {
      if (version !== this.#kept?.version) return { refused: this.#kept ? 'outdated' : 'stopped' };
      return this.#put(this.options.configured.zones, null, by);
    });
  }

  /** Outlines for a picture with this view: null for a zone that cannot be shown on it. */
  outlines(view: View | null): (Point[] | null)[] {
    const { size, lens } = this.options;
    return this.inForce.zones.map((zone) => {
      if ('points' in zone) return zone.points;
      return view && lens && pointsOf(zone.directions, { view, lens, size });
    });
  }

  #placed(drawn: ZoneChange['add'][number], view: View | null): MaskZone | Refusal {
    const { size, lens } = this.options;
    const { points } = drawn;
    const name = zoneName.safeParse(drawn.name).data;
    if (name === undefined) return 'bad-name';
    const fault = pointsFault({ points });
    if (fault) return fault;
    if (!lens) return { name, points };
    if (!view) return 'no-view';
    const directions = directionsOf(points, { view, lens, size });
    return typeof directions === 'string' ? directions : { name, directions };
  }

  /** The procedure of docs/mask.md. */
  async #put(zones: MaskZone[], edit: KeptZones['edit'], by: string): Promise<Answer> {
    const before = this.#kept;
    if (!before) return { refused: 'stopped' };
    const tables = await this.deps.tables().catch((): KeptTables => []);
    const version = nextVersion(before, tables);
    const next: KeptZones = { version, lastVersion: version, zones, edit };
    const event = this.#event(by, before, next);
    if (event.smaller) {
      const reserved = { ...before, lastVersion: version };
      if (!(await this.#save(reserved))) return { refused: 'not-kept' };
      this.#kept = reserved;
      try {
        await this.deps.tell(event);
      } catch (error) {
        this.#untold(error);
        return { refused: 'not-told' };
      }
    }
    if (!(await this.#save(next))) return { refused: 'not-kept' };
    const table = { version, zones };
    await this.deps.keep(table);
    this.#kept = next;
    this.#source = edit ? 'drawn' : 'configuration';
    this.deps.setMask(table);
    if (!event.smaller) await this.deps.tell(event).catch((error: unknown) => this.#untold(error));
    return { zones: this.inForce };
  }

  #event(by: string | null, before: MaskTable | null, after: KeptZones): MaskChanged {
    return {
      kind: 'mask-changed',
      by,
      version: after.version,
      before: before && maskDigest({ version: before.version, zones: before.zones }),
      after: maskDigest({ version: after.version, zones: after.zones }),
      smaller: before !== null && isSmaller(before.zones, after.zones),
    };
  }

  async #saveOrSay(kept: KeptZones): Promise<void> {
    this.#unkept = !(await this.#save(kept));
  }

  async #save(kept: KeptZones): Promise<boolean> {
    try {
      await this.deps.file.save(kept);
      this.#unkept = false;
      return true;
    } catch (error) {
      this.deps.log.error(`The private zones cannot be kept. ${errorLine(error)}`);
      return false;
    }
  }

  #untold(error: unknown): void {
    this.deps.log.error(`The register does not have the change of the private zones. ${errorLine(error)}`);
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(step);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
