/** What `vigie card` prints of what a card tells, and of what it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardRows, cardWords } from '../../runtime/cli/card-words.js';
import type { StorageHealth } from '../../runtime/health/health.js';
import { storageHealthOf } from '../../runtime/health/storage-health.js';
import { FakeMachine } from './card-fake.js';

const nowMs = Date.UTC(2026, 5, 1, 12);
const yearMs = 365.25 * 86_400_000;

async function told(t: Parameters<typeof FakeMachine.make>[0], said: Record<string, string>) {
  const machine = await FakeMachine.make(t);
  await machine.tell(said);
  const reading = await machine.health().read();
  return storageHealthOf({ reading, pace: null, writeRate: null, lastsUntilMs: null });
}

const rows = (of: StorageHealth, language: 'fr' | 'en' = 'en'): Record<string, string> =>
  Object.fromEntries(cardRows(of, cardWords(language), nowMs));

test('wear, spare blocks and the projected end, as a date and in years', async (t) => {
  const health = await told(t, { life_time: '0x03 0x02', pre_eol_info: '0x02' });
  assert.deepEqual([health.lifeUsedTenths, health.spare], [3, 'warning']);
  const measured = { ...health, writeRate: 1000, lastsUntilMs: nowMs + 7.5 * yearMs };
  assert.equal(rows(measured)['life used'], 'at most 30%');
  assert.equal(rows(measured)['lasts at least until'], '2033-11-30, in 7 year(s)');
  assert.equal(rows(measured, 'fr')['tient au moins jusqu’au'], '2033-11-30, dans 7 an(s)');
  assert.equal(rows(health)['lasts at least until'], 'ask with --for');
  assert.match(
    rows({ ...measured, lastsUntilMs: nowMs + 80 * yearMs })['lasts at least until'] ?? '',
    /^more/,
  );
});

test('a card that tells no wear is not shown as well', async (t) => {
  const health = await told(t, { life_time: '0x00 0x00', pre_eol_info: '0x00' });
  assert.equal(rows(health)['life used'], 'the card does not tell its wear');
  assert.equal('lasts at least until' in rows(health), false);
  assert.equal(rows(health, 'fr')['vie utilisée'], 'la carte ne dit rien de son usure');
});
