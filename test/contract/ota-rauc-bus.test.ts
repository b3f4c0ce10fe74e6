/**
 * The door to D-Bus against a bus that misbehaves, and one where somebody speaks in another's name. The bus is a server of the
 * test's own that speaks the protocol's bytes, so that it can also speak wrong ones.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { busSocket, openSystemBus, type SystemBus } from '../../board/linux/dbus.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { RaucService } from '../../ota/slots/rauc-service.js';
import { answer, type BusMessage, messageIn, signal } from './ota-rauc-bus-bytes.js';

const rauc = 'de.pengutronix.rauc';
const member = { destination: rauc, path: '/', interface: `${rauc}.Installer`, member: 'GetPrimary' };
const text = (value: string): [string, string] => ['s', value];

interface Bus {
  clock: ManualClock;
  open(): Promise<SystemBus>;
  /** to whoever is connected */
  send(bytes: Buffer): void;
  calls: string[];
}

/** @param reply what a call is answered with; null leaves it unanswered */
async function busOf(t: TestContext, reply: (call: BusMessage) => Buffer | null): Promise<Bus> {
  const directory = mkdtempSync(join(tmpdir(), 'vigie-bus-'));
  const lines = new Set<Socket>();
  const calls: string[] = [];
  const server = createServer((line) => {
    lines.add(line);
    let bytes = Buffer.alloc(0);
    let begun = false;
    line.on('error', () => {});
    line.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!begun) {
        if (bytes.includes('AUTH EXTERNAL')) line.write(`OK ${'0'.repeat(32)}\r\n`);
        const end = bytes.indexOf('BEGIN\r\n');
        bytes = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 7);
        begun = end >= 0;
      }
      for (let found = begun ? messageIn(bytes) : null; found; found = messageIn(bytes)) {
        bytes = bytes.subarray(found.bytes);
        calls.push(found.member);
        const out = standing(found) ?? reply(found);
        if (out) line.write(out);
      }
    });
  });
  const path = join(directory, 'socket');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const open: SystemBus[] = [];
  t.after(() => {
    for (const bus of open) bus.close();
    for (const line of lines) line.destroy();
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const clock = new ManualClock();
  return {
    clock,
    calls,
    send: (out) => {
      for (const line of lines) line.write(out);
    },
    open: async () => {
      const bus = await openSystemBus({ clock }, { address: `unix:path=${path}` });
      open.push(bus);
      return bus;
    },
  };
}

/** What any bus answers; `:1.7` is RAUC's own name. */
function standing(call: BusMessage): Buffer | null {
  if (call.member === 'Hello') return answer(call.serial, text(':1.9'));
  if (call.member === 'GetId') return answer(call.serial, text('f'.repeat(32)));
  if (call.member === 'GetNameOwner') return answer(call.serial, text(':1.7'));
  return call.member === 'AddMatch' ? answer(call.serial) : null;
}

const never = new AbortController().signal;

test('a call is answered; one that is not ends by the clock, and so does a call on a bus that is gone', async (t) => {
  const bus = await busOf(t, ({ serial, member }) =>
    member === 'GetPrimary' ? answer(serial, text('rootfs.0')) : null,
  );
  const line = await bus.open();
  assert.deepEqual(await line.call(member), ['rootfs.0']);
  const late = line.call({ ...member, member: 'GetSlotStatus' });
  bus.clock.advance(30_000);
  await assert.rejects(late, { kind: 'update', message: /does not answer to GetSlotStatus/ });
  const pending = line.call({ ...member, member: 'Info' });
  line.close();
  await assert.rejects(pending, { kind: 'update', message: /cannot be used/ });
  await assert.rejects(line.call(member), { kind: 'update' });
  await assert.rejects(openSystemBus({ clock: bus.clock }, { address: 'unix:path=/none' }), {
    kind: 'update',
  });
  assert.throws(() => busSocket('tcp:host=localhost,port=1'), { kind: 'update' });
  assert.equal(busSocket('tcp:host=a;unix:guid=1,path=/run/x%20y'), '/run/x y');
});

test('what somebody else says in the name of RAUC ends no installation', async (t) => {
  const installer = `${rauc}.Installer`;
  const completed = (sender: string): Buffer => signal(sender, '/', installer, 'Completed', ['i', 0]);
  const bus = await busOf(t, ({ serial, member }) => {
    if (member === 'Get') return answer(serial, ['v', text('idle')]);
    return member === 'InstallBundle' ? answer(serial) : null;
  });
  const service = new RaucService({ openBus: bus.open });
  let ended = false;
  const installing = service
    .install('/x.raucb', () => {}, never)
    .then(() => {
      ended = true;
    });
  while (!bus.calls.includes('InstallBundle')) await new Promise((resolve) => setImmediate(resolve));
  bus.send(completed(':1.66'));
  // An answer that follows it on the same line was read after it.
  assert.equal(await service.installing(), false);
  assert.equal(ended, false);
  bus.send(completed(':1.7'));
  await installing;
});

test('RAUC that ends while it installs: the installation failed', async (t) => {
  const dbus = 'org.freedesktop.DBus';
  const bus = await busOf(t, ({ serial, member }) => {
    if (member === 'Get') return answer(serial, ['v', text('idle')]);
    return member === 'InstallBundle' ? answer(serial) : null;
  });
  const service = new RaucService({ openBus: bus.open });
  const installing = service.install('/x.raucb', () => {}, never);
  while (!bus.calls.includes('InstallBundle')) await new Promise((resolve) => setImmediate(resolve));
  const lost = ['sss', rauc, ':1.7', ''] as const;
  bus.send(signal(':1.66', '/org/freedesktop/DBus', dbus, 'NameOwnerChanged', [...lost]));
  bus.send(signal(dbus, '/org/freedesktop/DBus', dbus, 'NameOwnerChanged', [...lost]));
  await assert.rejects(installing, { kind: 'update', message: /de\.pengutronix\.rauc ended/ });
});

const folder = 'test/fuzz/corpus/dbus';
test('bytes that are no message end the line, never the process', async (t) => {
  for (const name of readdirSync(folder)) {
    const bytes = Buffer.from(readFileSync(join(folder, name), 'utf8').replaceAll(/\s/g, ''), 'hex');
    const bus = await busOf(t, () => null);
    const line = await bus.open();
    const pending = line.call(member);
    bus.send(bytes);
    // Where the library can make something of it, the line goes on: then the clock ends the call.
    setImmediate(() => setImmediate(() => bus.clock.advance(30_000)));
    await assert.rejects(pending, { kind: 'update' }, name);
    line.close();
  }
});
