/** Promise 2, as far as this version goes: without a valid authorisation for this camera nothing is allowed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Authorisation, authorisation, readAuthority } from '../../runtime/access/authorisation.js';

const now = Date.UTC(2026, 5, 1);

const paper: Authorisation = {
  reference: 'PREF-2026-0042',
  authority: 'Préfecture',
  cameraId: 'cam-1',
  validFrom: '2026-01-01T00:00:00Z',
  validUntil: '2030-12-31T00:00:00Z',
  retainDays: 15,
  events: [{ zone: 'Quai', event: 'presence', legalBasis: 'Article 10' }],
};

/** What a file with this text allows, and the code of the reason when it allows nothing. */
async function allowedBy(t: TestContext, text: string, nowMs = now) {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-authorisation-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'authorisation.json');
  writeFileSync(file, text);
  return await readAuthority(file, 'cam-1', nowMs);
}

test('what it names is allowed, and nothing else', async (t) => {
  const authority = await allowedBy(t, JSON.stringify(paper));
  assert.equal(authority.refusal, null);
  assert.equal(authority.mayRecord, true);
  assert.equal(authority.retainDays, 15);
  assert.equal(authority.mayWatch('Quai', 'presence'), true);
  assert.equal(authority.mayWatch('Place', 'presence'), false);
});

test('absent, broken, of another camera, too early, expired: nothing is allowed, and it says why', async (t) => {
  const cases: [string, string, number?][] = [
    ['authorisation-invalid', ''],
    ['authorisation-invalid', '{"reference": "x"}'],
    ['authorisation-invalid', JSON.stringify({ ...paper, retainDays: 31 })],
    ['authorisation-invalid', JSON.stringify({ ...paper, validUntil: '2031-06-01T00:00:00Z' })],
    ['authorisation-invalid', JSON.stringify({ ...paper, alsoAllow: 'everything' })],
    ['authorisation-other-camera', JSON.stringify({ ...paper, cameraId: 'cam-2' })],
    ['authorisation-not-yet', JSON.stringify(paper), Date.parse(paper.validFrom) - 1],
    ['authorisation-expired', JSON.stringify(paper), Date.parse(paper.validUntil)],
  ];
  for (const [code, text, nowMs] of cases) {
    const authority = await allowedBy(t, text, nowMs);
    assert.equal(authority.refusal?.code, code, text);
    assert.equal(authority.mayRecord, false);
    assert.equal(authority.mayWatch('Quai', 'presence'), false);
    assert.ok(authority.refusal.fr.length > 20 && authority.refusal.en.length > 20);
  }
  const absent = await readAuthority('/nowhere/authorisation.json', 'cam-1', now);
  assert.equal(absent.refusal?.code, 'authorisation-absent');
  assert.equal(absent.mayRecord, false);
});

test('the longest the law allows is allowed: five years, thirty days', () => {
  const longest = { ...paper, retainDays: 30, validUntil: '2031-01-01T00:00:00Z' };
  assert.equal(authorisation.safeParse(longest).success, true);
});

test('people to be covered: what it says, also before and after it counts; nothing when it says nothing', async (t) => {
  const asks = JSON.stringify({ ...paper, personMask: 'heads' });
  assert.equal((await allowedBy(t, asks)).personMask, 'heads');
  const expired = await allowedBy(t, asks, Date.parse(paper.validUntil));
  assert.deepEqual([expired.personMask, expired.mayRecord], ['heads', false]);
  assert.equal((await allowedBy(t, asks, Date.parse(paper.validFrom) - 1)).personMask, 'heads');
  assert.equal((await allowedBy(t, JSON.stringify(paper))).personMask, null);
  const wrong = await allowedBy(t, JSON.stringify({ ...paper, personMask: 'faces' }));
  assert.equal(wrong.refusal?.code, 'authorisation-invalid');
  const without = await allowedBy(t, JSON.stringify(paper));
  assert.notEqual((await allowedBy(t, asks)).fingerprint, without.fingerprint);
});

test('the days of each class, and a minimum that is no longer than what may be kept', async (t) => {
  assert.deepEqual((await allowedBy(t, JSON.stringify(paper))).terms, {
    reference: paper.reference,
    communalDays: 15,
    terminusDays: 15,
    minimumDays: null,
  });
  const both = JSON.stringify({ ...paper, terminusRetainDays: 30, minimumDays: 7 });
  const { terms } = await allowedBy(t, both);
  assert.deepEqual([terms?.communalDays, terms?.terminusDays, terms?.minimumDays], [15, 30, 7]);
  for (const wrong of [{ terminusRetainDays: 31 }, { minimumDays: 16 }, { minimumDays: 0 }]) {
    const authority = await allowedBy(t, JSON.stringify({ ...paper, ...wrong }));
    assert.equal(authority.refusal?.code, 'authorisation-invalid', JSON.stringify(wrong));
    assert.equal(authority.terms, null);
  }
});
