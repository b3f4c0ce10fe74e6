/**
 * The power goes at any step of a change of the private zones. What is in force afterwards is the old or the new; a smaller one only with
 * its entry; and a version never names two sets of zones. Seeded.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MaskTable } from '../../pipelines/messages.js';
import { isSmaller, zonesDigest } from '../../runtime/mask-zones/compare.js';
import { type MaskChanged, MaskZones, type MaskZonesDeps } from '../../runtime/mask-zones/mask-zones.js';
import type { KeptZones } from '../../runtime/mask-zones/zone-file.js';
import { seeded } from '../random.js';
import { QuietLog } from './register-fake.js';

class Cut extends Error {}

/** A camera's storage and register, whose power goes after so many steps. */
class Power {
  file: KeptZones | 'none' = 'none';
  tables: { table: MaskTable; inForce: boolean }[] = [];
  told: MaskChanged[] = [];
  handed: MaskTable[] = [];
  stepsLeft = Number.POSITIVE_INFINITY;
  /** a register that acknowledges before the entry is there: the control */
  forgetful = false;

  #step(): void {
    if (this.stepsLeft-- <= 0) throw new Cut();
  }

  deps(): MaskZonesDeps {
    return {
      log: new QuietLog(),
      file: {
        load: async () => this.file,
        save: async (kept) => {
          this.#step();
          this.file = structuredClone(kept);
        },
      },
      tables: async () => this.tables,
      keep: async (table) => {
        if (this.stepsLeft-- <= 0) return;
        this.tables = this.tables.map((one) => ({ ...one, inForce: false }));
        this.tables.push({ table: structuredClone(table), inForce: true });
      },
      tell: async (event) => {
        this.#step();
        if (!this.forgetful) this.told.push(event);
      },
      setMask: (table) => {
        if (this.stepsLeft-- > 0) this.handed.push(structuredClone(table));
      },
    };
  }
}

const random = seeded(2_611);
const pick = (count: number): number => Math.floor(random() * count);
const zone = (n: number): { name: string; points: [number, number][] } => ({
  name: `Zone ${n}`,
  points: [
    [n / 100, 0.1],
    [n / 100 + 0.1, 0.1],
    [n / 100 + 0.1, 0.3],
  ],
});

/** Violations after a cut somewhere in a change; runs the camera on afterwards. */
async function round(power: Power, names: Map<number, string>): Promise<string[]> {
  const wrong: string[] = [];
  const options = {
    configured: { zones: [zone(80)], noneBecause: null },
    size: { width: 64, height: 48 },
    lens: null,
  };
  const zones = new MaskZones(power.deps(), options);
  power.handed.push(await zones.start());
  const before = zones.inForce;
  const told = power.told.length;
  const [gone] =
    before.zones.length > 1 && (pick(2) || before.zones.length > 5)
      ? [before.zones[pick(before.zones.length)].name]
      : [];
  const fresh = Array.from({ length: 12 }, (_, n) => zone(n)).filter(
    ({ name }) => !before.zones.some((one) => one.name === name),
  );
  const wanted = {
    version: before.version,
    remove: gone === undefined ? [] : [gone],
    add: gone === undefined || pick(2) ? [fresh[pick(fresh.length)]] : [],
    view: null,
    noneBecause: null,
  };
  const after = [...before.zones.filter(({ name }) => name !== gone), ...wanted.add];
  power.stepsLeft = pick(8);
  await zones.change(wanted, 'odile').catch(() => undefined);
  power.stepsLeft = Number.POSITIVE_INFINITY;
  const again = new MaskZones(power.deps(), options);
  await again.start();
  const now = again.inForce;
  const digest = zonesDigest(now.zones);
  if (![before.zones, after].some((set) => zonesDigest(set) === digest))
    wrong.push('neither the old nor the new');
  if (isSmaller(before.zones, now.zones) && !power.told.slice(told).some((event) => event.smaller))
    wrong.push('smaller without an entry');
  for (const { version, zones: of } of [...power.handed, now]) {
    const name = zonesDigest(of);
    if ((names.get(version) ?? name) !== name) wrong.push(`version ${version} names two`);
    names.set(version, name);
  }
  const cleared = power.handed.some(({ zones: of }) => isSmaller(before.zones, of) && of.length > 0);
  if (cleared && digest === zonesDigest(before.zones) && power.told.length === told)
    wrong.push('was open without an entry');
  power.handed = [];
  return wrong;
}

test('a cut at any step leaves the old or the new zones, never fewer without an entry', async () => {
  const [power, names] = [new Power(), new Map<number, string>()];
  let changed = 0;
  for (let i = 0; i < 300; i++) {
    const version = power.file === 'none' ? 0 : power.file.version;
    assert.deepEqual(await round(power, names), [], `round ${i}`);
    if (power.file !== 'none' && power.file.version > version) changed++;
  }
  assert.ok(changed > 100, `${changed} changes`);
  assert.ok(power.told.some(({ smaller }) => smaller));
});

test('negative control: a register that forgets its entries is found', async () => {
  const [power, names] = [new Power(), new Map<number, string>()];
  power.forgetful = true;
  const wrong: string[] = [];
  for (let i = 0; i < 100; i++) wrong.push(...(await round(power, names)));
  assert.ok(wrong.includes('smaller without an entry'));
});
