/** Sessions, one-time links, users, rights and the login throttle, on a clock moved by hand. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { VigieError } from '../../errors.js';
import { parseRights } from '../../runtime/access/rights.js';
import { newSecret, sameDigest, tokenDigest } from '../../runtime/access/secret.js';
import { Sessions } from '../../runtime/access/sessions.js';
import { LoginThrottle } from '../../runtime/access/throttle.js';
import { Users } from '../../runtime/access/users.js';

const hour = 3_600_000;
const isAccessError = (error: unknown): boolean => error instanceof VigieError && error.kind === 'access';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vigie-access-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const file = (): string => join(directory, 'users.json');

test('rights are read from a list, in their own order; anything else is refused', () => {
  assert.deepEqual(parseRights('alerts, live,ALERTS'), ['live', 'alerts']);
  for (const bad of ['', ',', 'live,root', 'all', 'live alerts'])
    assert.throws(() => parseRights(bad), isAccessError, bad);
});

test('who logs in rightly is not slowed down, nor are those behind the same address', () => {
  const throttle = new LoginThrottle({ clock: new ManualClock() });
  // As the door does: counted before the secret is looked at, taken back when it was right.
  const logIn = (name: string): void => {
    throttle.failed('192.0.2.1', name);
    throttle.succeeded('192.0.2.1', name);
  };
  for (let operator = 0; operator < 60; operator += 1) {
    assert.equal(throttle.waitMs('192.0.2.1', `operator${operator}`), 0);
    logIn(`operator${operator}`);
  }
  for (let guess = 0; guess < 20; guess += 1) throttle.failed('192.0.2.1', `guess${guess}`);
  logIn('operator1');
  assert.ok(throttle.waitMs('192.0.2.1', 'operator2') > 0, 'a right secret forgives no wrong ones');
});

test('a session ends after 12 hours without use, and after 24 in any case', () => {
  const clock = new ManualClock();
  const sessions = new Sessions({ clock });
  const ended: string[] = [];
  sessions.onEnd((key) => ended.push(key));
  const idle = sessions.open('odile', ['live']);
  clock.advance(12 * hour + 1);
  assert.equal(sessions.find(idle), null);
  const used = sessions.open('odile', ['live']);
  for (let round = 0; round < 3; round += 1) {
    clock.advance(7.9 * hour);
    assert.equal(sessions.find(used)?.user, 'odile');
  }
  clock.advance(0.4 * hour);
  assert.equal(sessions.find(used), null);
  assert.equal(ended.length, 2);
});

test('the wall clock has no say in how long a session lives', () => {
  const clock = new ManualClock();
  const sessions = new Sessions({ clock });
  const token = sessions.open('odile', ['live']);
  clock.jumpWall(48 * hour);
  assert.ok(sessions.find(token));
  clock.jumpWall(-96 * hour);
  assert.ok(sessions.find(token));
});

test('tokens are not kept, a wrong or malformed one finds nothing', () => {
  const sessions = new Sessions({ clock: new ManualClock() });
  const token = sessions.open('odile', ['live']);
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(sessions.find(token)?.key, token);
  for (const bad of [undefined, '', token.slice(1), `${token}A`, 'A'.repeat(43)])
    assert.equal(sessions.find(bad), null);
});

test('a one-time link: once, ten minutes, its own rights; at most sixteen wait', () => {
  const clock = new ManualClock();
  const sessions = new Sessions({ clock });
  const link = sessions.oneTimeLink(['health']);
  const session = sessions.find(sessions.redeem(link) ?? undefined);
  assert.deepEqual(session?.rights, ['health']);
  assert.equal(session?.kind, 'link');
  assert.equal(sessions.redeem(link), null);
  const late = sessions.oneTimeLink(['health']);
  clock.advance(600_001);
  assert.equal(sessions.redeem(late), null);
  const many = Array.from({ length: 17 }, () => sessions.oneTimeLink(['live']));
  assert.equal(sessions.redeem(many[0] ?? ''), null);
  assert.ok(sessions.redeem(many[1] ?? ''));
});

test('the sessions of a removed user, or one with other rights, end; those of a link stay', () => {
  const sessions = new Sessions({ clock: new ManualClock() });
  const odile = sessions.open('odile', ['live']);
  const paul = sessions.open('paul', ['live', 'alerts']);
  const link = sessions.redeem(sessions.oneTimeLink(['live'])) ?? '';
  sessions.follow([{ name: 'paul', rights: ['live'], addedMs: 0 }]);
  assert.equal(sessions.find(odile), null);
  assert.equal(sessions.find(paul), null);
  assert.ok(sessions.find(link));
});

test('sessions are bounded: the oldest gives way', () => {
  const sessions = new Sessions({ clock: new ManualClock() });
  const tokens = Array.from({ length: 257 }, () => sessions.open('odile', ['live']));
  assert.equal(sessions.find(tokens[0]), null);
  assert.ok(sessions.find(tokens[1]));
});

test('failures make a pair wait longer and longer, up to a minute, and are forgotten', () => {
  const clock = new ManualClock();
  const throttle = new LoginThrottle({ clock });
  const waits: number[] = [];
  for (let failure = 0; failure < 12; failure += 1) {
    throttle.failed('192.0.2.1', 'odile');
    waits.push(throttle.waitMs('192.0.2.1', 'odile') / 1000);
  }
  assert.deepEqual(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  assert.equal(throttle.waitMs('198.51.100.7', 'odile'), 0, 'nobody is locked out from elsewhere');
  assert.equal(throttle.waitMs('192.0.2.1', 'paul'), 0);
  clock.advance(60_000);
  assert.equal(throttle.waitMs('192.0.2.1', 'odile'), 0, 'never locked out for ever');
  throttle.succeeded('192.0.2.1', 'odile');
  throttle.failed('192.0.2.1', 'odile');
  assert.equal(throttle.waitMs('192.0.2.1', 'odile'), 0);
});

test('one address that tries many names waits; a /64 is one address; the table is bounded', () => {
  const throttle = new LoginThrottle({ clock: new ManualClock() });
  for (let name = 0; name < 25; name += 1) throttle.failed(`2001:db8:1:2::${name}`, `user${name}`);
  assert.ok(throttle.waitMs('2001:db8:1:2:ffff::1', 'someone') > 0);
  assert.equal(throttle.waitMs('2001:db8:1:3::1', 'someone'), 0);
  for (let made = 0; made < 5000; made += 1) throttle.failed(`10.${made >> 8}.${made & 255}.1`, 'odile');
  assert.ok(throttle.size <= 2000);
});

test('users: a secret is shown once and kept as a hash; names and rights are checked', async () => {
  const users = new Users({ file: file() });
  const secret = await users.add('odile', ['live'], 5);
  assert.match(secret, /^[a-z2-9]{5}(-[a-z2-9]{5}){5}$/);
  assert.equal(statSync(file()).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file(), 'utf8').includes(secret));
  assert.deepEqual(readdirSync(directory), ['users.json']);
  assert.deepEqual((await users.verify('odile', secret))?.rights, ['live']);
  assert.equal(await users.verify('odile', `${secret}x`), null);
  assert.equal(await users.verify('nobody', secret), null);
  await assert.rejects(users.add('odile', ['live'], 5), isAccessError);
  for (const bad of ['', 'Odile', '../x', 'a b', '-x', 'x'.repeat(33), 'link 1\n']) {
    await assert.rejects(users.add(bad, ['live'], 5), isAccessError, bad);
  }
});

test('what another process changes is seen, and a removed user is gone', async () => {
  const users = new Users({ file: file() });
  const other = new Users({ file: file() });
  const secret = await other.add('odile', ['live'], 5);
  assert.ok(await users.verify('odile', secret));
  await other.remove('odile');
  assert.equal(await users.verify('odile', secret), null);
  await assert.rejects(other.remove('odile'), isAccessError);
});

test('a users file that others can read, is damaged, or is a link is refused, and nothing is overwritten', async () => {
  const users = new Users({ file: file() });
  await users.add('odile', ['live'], 5);
  chmodSync(file(), 0o644);
  await assert.rejects(new Users({ file: file() }).refresh(), isAccessError);
  await assert.rejects(new Users({ file: file() }).add('paul', ['live'], 5), isAccessError);
  chmodSync(file(), 0o600);
  const good = readFileSync(file(), 'utf8');
  for (const bad of [
    '',
    '{',
    '[]',
    good.replace('"live"', '"ROOT"'),
    good.replace('"version": 1', '"version": 1, "x": 1'),
  ]) {
    writeFileSync(file(), bad);
    await assert.rejects(new Users({ file: file() }).refresh(), isAccessError);
    await assert.rejects(new Users({ file: file() }).add('paul', ['live'], 5), isAccessError);
    assert.equal(readFileSync(file(), 'utf8'), bad);
  }
  const link = join(directory, 'link.json');
  symlinkSync(file(), link);
  await assert.rejects(new Users({ file: link }).refresh(), isAccessError);
});

test('a right that a later version gave opens nothing and is kept for it', async () => {
  const users = new Users({ file: file() });
  const secret = await users.add('odile', ['live', 'mask'], 5);
  writeFileSync(file(), readFileSync(file(), 'utf8').replace('"live"', '"foresight"'));
  const older = new Users({ file: file() });
  assert.deepEqual((await older.verify('odile', secret))?.rights, ['mask']);
  await older.add('paul', ['live'], 5);
  assert.deepEqual(
    older.list().map(({ rights }) => rights),
    [['mask'], ['live']],
  );
  assert.match(readFileSync(file(), 'utf8'), /"foresight"/);
});

test('two changes at once: one is refused, none is lost', async () => {
  const [first, second] = await Promise.allSettled([
    new Users({ file: file() }).add('odile', ['live'], 5),
    new Users({ file: file() }).add('paul', ['live'], 5),
  ]);
  const done = [first, second].filter(({ status }) => status === 'fulfilled').length;
  const users = new Users({ file: file() });
  await users.refresh();
  assert.equal(users.list().length, done);
  assert.ok(done >= 1);
});

test('secrets differ, digests compare as they should', () => {
  assert.equal(new Set(Array.from({ length: 200 }, newSecret)).size, 200);
  assert.equal(sameDigest(tokenDigest('a'), tokenDigest('a')), true);
  assert.equal(sameDigest(tokenDigest('a'), tokenDigest('b')), false);
  assert.equal(sameDigest(tokenDigest('a'), ''), false);
});
