/** What the demonstration writes is taken by the camera as it is: its zones are seen, each event is authorised, and nothing is written twice. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readAuthority } from '../../runtime/access/authorisation.js';
import { allowedZones, drawnZone } from '../../runtime/camera-parts.js';
import { loadConfig } from '../../runtime/config/load.js';
import { DEMONSTRATION_ID, demonstrationConfig, writeDemonstration } from '../../runtime/demonstration.js';
import { calibrate } from '../../runtime/scene/calibration.js';

const NOW_MS = Date.parse('2026-05-04T12:00:00Z');
const directory = mkdtempSync(join(tmpdir(), 'vigie-demonstration-'));
after(() => rmSync(directory, { recursive: true }));

describe('the demonstration', () => {
  const configFile = writeDemonstration(directory, demonstrationConfig('fr'), NOW_MS);
  const paper = join(directory, 'authorisation.json');

  it('has a configuration that is taken, no zone of it blind, on a ground', () => {
    // loadConfig refuses a zone in which people are too small.
    const { scene, picture, zones } = loadConfig(configFile);
    assert.ok(scene.ground && 'ground' in calibrate(scene.ground, picture));
    assert.ok(zones.length > 1);
  });

  it('is authorised for every event in every zone, and says that it is a demonstration', async () => {
    const config = loadConfig(configFile);
    const authority = await readAuthority(paper, DEMONSTRATION_ID, NOW_MS);
    assert.deepEqual(allowedZones(config, authority), config.zones);
    const { events } = JSON.parse(readFileSync(paper, 'utf8')) as { events: { legalBasis: string }[] };
    for (const { legalBasis } of events) assert.match(legalBasis, /^Demonstration/);
    const kinds = new Set(config.zones.flatMap((zone) => Object.keys(zone)));
    for (const kind of ['presence', 'crossing', 'direction', 'density', 'fall', 'abandoned', 'novelty'])
      assert.ok(kinds.has(kind), kind);
  });

  it('gives the console what it draws: tripwire, forbidden side, direction', () => {
    const drawn = loadConfig(configFile).zones.map(drawnZone);
    assert.equal(drawn.filter(({ line, towards }) => line?.length === 2 && towards).length, 1);
    assert.equal(drawn.filter(({ from, to }) => from && to).length, 1);
    assert.deepEqual(Object.keys(drawn[0] ?? {}), ['name', 'points'], 'a zone without either has neither');
  });

  it('leaves what is there already as it is', () => {
    for (const file of [configFile, paper]) writeFileSync(file, '{"edited": true}\n');
    writeDemonstration(directory, demonstrationConfig('en'), NOW_MS + 1);
    for (const file of [configFile, paper]) assert.equal(readFileSync(file, 'utf8'), '{"edited": true}\n');
  });
});
