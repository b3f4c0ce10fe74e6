/** A register in a directory of its own, and its files as a tamperer sees them. */
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Log } from '../../board/ports.js';
import { ManualClock } from '../../board/virtual/clock.js';
import { hashOf } from '../../runtime/access/register/line.js';
import { Register } from '../../runtime/access/register/register.js';
import { type Verified, verifyRegister } from '../../runtime/access/register/verify.js';

export const startMs = Date.UTC(2026, 5, 1);

export class QuietLog implements Log {
  readonly lines: string[] = [];
  info = (line: string): void => void this.lines.push(line);
  warn = this.info;
  error = this.info;
}

/** One writer at a time within this process. */
export function fakeLock(): (path: string) => Promise<() => Promise<void>> {
  const held = new Set<string>();
  return async (path) => {
    if (held.has(path)) throw new Error('held');
    held.add(path);
    return async () => void held.delete(path);
  };
}

export class RegisterBench {
  readonly state = mkdtempSync(join(tmpdir(), 'vigie-register-'));
  readonly clock = new ManualClock(startMs);
  readonly log = new QuietLog();
  sure = true;
  readonly #lock = fakeLock();

  constructor(t: TestContext) {
    t.after(() => rmSync(this.state, { recursive: true, force: true }));
  }

  make(volumeBytes?: number, keepDays?: number): Register {
    const time = () => ({ ms: this.clock.wallMs(), sure: this.sure });
    const options = {
      stateDirectory: this.state,
      cameraId: 'cam-1',
      ...(keepDays === undefined ? {} : { keepDays }),
    };
    return new Register(
      { time, log: this.log, lock: this.#lock },
      volumeBytes === undefined ? options : { ...options, volumeBytes },
    );
  }

  async open(volumeBytes?: number, keepDays?: number): Promise<Register> {
    const register = this.make(volumeBytes, keepDays);
    await register.start();
    return register;
  }

  /** A register with the births of so many segments, closed. */
  async filled(segments: number, volumeBytes?: number): Promise<void> {
    const register = await this.open(volumeBytes);
    for (let segment = 1; segment <= segments; segment++) {
      await register.append({ kind: 'segment-born', storeId: 'store-1', segment });
      this.clock.advance(1000);
    }
    await register.stop();
  }

  file(name = 'register.jsonl'): string {
    return join(this.state, 'register', name);
  }

  lines(): string[] {
    return readFileSync(this.file(), 'utf8').trimEnd().split('\n');
  }

  write(lines: readonly string[]): void {
    writeFileSync(this.file(), lines.map((line) => `${line}\n`).join(''));
  }

  head(): string {
    return readFileSync(join(this.state, 'keys', 'register.head'), 'latin1');
  }

  setHead(text: string): void {
    writeFileSync(join(this.state, 'keys', 'register.head'), text);
  }

  /** The head as it was after the first `n` of these lines. */
  headOf(n: number, lines: readonly string[]): string {
    const hash = hashOf(lines[n - 1] ?? '');
    const pem = readFileSync(join(this.state, 'keys', 'register.key'), 'utf8');
    const signature = sign(null, Buffer.from(`vigie register head ${n} ${hash}`), createPrivateKey(pem));
    return `${n} ${hash} ${signature.toString('base64url')}\n`;
  }

  verify(): Promise<Verified> {
    return verifyRegister(this.state);
  }
}
