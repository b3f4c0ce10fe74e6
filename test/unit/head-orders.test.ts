/** Who moved the head, for the register: one entry for what is held, several told together, never more than so many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { registerEvent } from '../../runtime/access/register/entry.js';
import { OrderLog, type ToldOrders } from '../../runtime/head/order-log.js';
import { RegisterBench } from './register-fake.js';

function orderLog() {
  const clock = new ManualClock();
  const told: ToldOrders[] = [];
  return { clock, told, log: new OrderLog({ clock, tell: (orders) => told.push(orders) }) };
}

test('a key that is held for a minute is one order; pressed again later it is another', () => {
  const { clock, told, log } = orderLog();
  for (let turn = 0; turn < 200; turn++) {
    log.add({ by: 'odile', order: 'drive' });
    clock.advance(300);
  }
  assert.deepEqual(told, [{ orders: [{ by: 'odile', order: 'drive', times: 1 }] }]);
  clock.advance(3000);
  log.add({ by: 'odile', order: 'drive' });
  log.stop();
  assert.equal(told.length, 2);
});

test('what two users do within ten seconds is one entry, after the first order was told at once', () => {
  const { clock, told, log } = orderLog();
  log.add({ by: 'odile', order: 'preset', place: 'gate' });
  assert.equal(told.length, 1);
  log.add({ by: 'odile', order: 'preset', place: 'square' });
  log.add({ by: 'karim', order: 'drive' });
  log.add({ by: 'odile', order: 'preset', place: 'square' });
  assert.equal(told.length, 1);
  clock.advance(10_000);
  assert.deepEqual(told[1], {
    orders: [
      { by: 'odile', order: 'preset', place: 'square', times: 2 },
      { by: 'karim', order: 'drive', times: 1 },
    ],
  });
  clock.advance(60_000);
  assert.equal(told.length, 2);
});

test('however much is ordered, entries come every ten seconds and stay short', async (t) => {
  const { clock, told, log } = orderLog();
  for (let second = 0; second < 60; second++) {
    for (let turn = 0; turn < 40; turn++)
      log.add({ by: `link-${turn}`, order: 'preset', place: `place ${turn}` });
    clock.advance(1000);
  }
  log.stop();
  assert.ok(told.length <= 8, `${told.length} entries`);
  assert.equal(told.at(-1)?.orders.length, 16);
  assert.ok((told.at(-1)?.unnamed ?? 0) > 0);
  const bench = new RegisterBench(t);
  const register = await bench.open();
  for (const orders of told) await register.append(registerEvent.parse({ kind: 'head-ordered', ...orders }));
  await register.stop();
  assert.deepEqual((await bench.verify()).findings, []);
});
