/** The time by which terms are counted: it follows no jump that is not confirmed, and stands still for none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../board/virtual/clock.js';
import { TermClock } from '../../runtime/record/retention-clock.js';

const startMs = Date.UTC(2026, 5, 1);
const hourMs = 3_600_000;

class Machine {
  readonly clock = new ManualClock(startMs);
  trusted = true;
  readonly time = new TermClock({ clock: this.clock, trusted: () => this.trusted });

  /** One look after ten seconds: what it says, as an offset from the start. */
  look(): { ms: number; sure: boolean } {
    this.clock.advance(10_000);
    const { ms, sure } = this.time.check();
    return { ms: Math.round(ms - startMs), sure };
  }
}

test('a clock that was never right is not sure; once it is, it is', () => {
  const machine = new Machine();
  machine.trusted = false;
  assert.equal(machine.look().sure, false);
  machine.clock.jumpWall(5 * hourMs);
  machine.trusted = true;
  assert.deepEqual(machine.look(), { ms: 20_000 + 5 * hourMs, sure: true });
});

test('a jump that the machine does not vouch for changes nothing: time goes on with the monotonic clock', () => {
  const machine = new Machine();
  assert.deepEqual(machine.look(), { ms: 10_000, sure: true });
  machine.trusted = false;
  for (const jump of [20 * 24 * hourMs, -40 * 24 * hourMs]) {
    machine.clock.jumpWall(jump);
    const { sure } = machine.look();
    assert.equal(sure, true);
  }
  assert.deepEqual(machine.look(), { ms: 40_000, sure: true });
  machine.clock.jumpWall(20 * 24 * hourMs + 1000);
  machine.trusted = true;
  assert.deepEqual(machine.look(), { ms: 51_000, sure: true }, 'back, and a second corrected');
});

test('a jump that the machine vouches for is believed at the second look after the one that saw it', () => {
  for (const jump of [10 * hourMs, -10 * hourMs]) {
    const machine = new Machine();
    machine.look();
    machine.clock.jumpWall(jump);
    assert.equal(machine.look().ms, 20_000);
    assert.equal(machine.look().ms, 30_000);
    assert.equal(machine.look().ms, 40_000 + jump);
  }
});

test('looks that disagree with each other confirm nothing', () => {
  const machine = new Machine();
  machine.look();
  for (let i = 2; i < 12; i++) {
    machine.clock.jumpWall(hourMs);
    assert.equal(machine.look().ms, i * 10_000);
  }
  machine.trusted = false;
  machine.look();
  machine.trusted = true;
  assert.equal(machine.look().ms, 130_000, 'a look in between that is not vouched for begins anew');
});

test('small corrections are followed at once', () => {
  const machine = new Machine();
  machine.look();
  machine.clock.jumpWall(2000);
  assert.equal(machine.look().ms, 22_000);
});

test('at the start, a clock behind what is known to have passed has to be confirmed', () => {
  const machine = new Machine();
  machine.time.notBefore(startMs + hourMs);
  assert.equal(machine.look().sure, false);
  assert.equal(machine.look().sure, false);
  assert.equal(machine.look().sure, true);
});
