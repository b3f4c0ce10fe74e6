/**
 * How set-up speaks, fails and runs other programs. Read by every step. A program's output goes to a log file
 * and not to the terminal; when it fails, the last lines are shown and the log is kept.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logDirectory } from './paths.mjs';

/** Something that set-up needs cannot be had. The message is one sentence that says what to do. */
export class SetupError extends Error {
  /**
   * @param {string} message one sentence
   * @param {{tail?: string, cause?: unknown}} [details] `tail`: last lines of the log of what failed
   */
  constructor(message, { tail, cause } = {}) {
    super(message, { cause });
    this.name = 'SetupError';
    this.tail = tail;
  }
}

/** Exit code of a set-up that could not finish: EX_UNAVAILABLE of sysexits(3). */
export const setupFailed = 69;

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Repeats a line while something long goes on: in place on a terminal, every 20 s in a log. */
export class Progress {
  #label;
  #started = Date.now();
  #detail = '';
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #inPlace = process.stdout.isTTY === true;

  /** @param {string} label */
  constructor(label) {
    this.#label = label;
    this.resume();
  }

  /** Says something and then leaves the terminal to another program. @param {string} text */
  pause(text) {
    clearInterval(this.#timer);
    say(`${this.#inPlace ? '\r\u001b[K' : ''}${this.#label}: ${text}`);
  }

  resume() {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#show(), this.#inPlace ? 1000 : 20_000);
  }

  /** @param {string} text how far it is, such as `40 %` */
  detail(text) {
    const first = this.#detail === '';
    this.#detail = text;
    if (this.#inPlace || first) this.#show();
  }

  /** @param {string} text what came out */
  end(text) {
    clearInterval(this.#timer);
    say(`${this.#inPlace ? '\r\u001b[K' : ''}${this.#label}: ${text} (${this.#seconds()} s)`);
  }

  /** Ends without a word: the error that follows says it. */
  abandon() {
    clearInterval(this.#timer);
    if (this.#inPlace) say('');
  }

  #seconds() {
    return Math.round((Date.now() - this.#started) / 1000);
  }

  #show() {
    const seconds = this.#seconds();
    const text = `${this.#label}: ${this.#detail}`;
    const end = ` ...${seconds === 0 ? '' : ` (${seconds} s)`}`;
    if (!this.#inPlace) return say(`${text}${end}`);
    // a terminal that does not tell its width says 0; a line that wraps could not be written over
    const room = (process.stdout.columns || 80) - 1 - end.length;
    process.stdout.write(`\r\u001b[K${text.slice(0, Math.max(0, room))}${end}`);
  }
}

/**
 * Runs a program to its end, its output going to `<cache>/log/<logName>.log`.
 * @param {string[]} command program and arguments
 * @param {{logName: string, cwd?: string, env?: Record<string, string | undefined>, askPassword?: boolean,
 *   onStatus?: (line: string) => void}} options
 *   `onStatus` gets each line that the program writes to its file descriptor 3
 * @returns {Promise<{code: number, logFile: string}>} code 127 when there is no such program
 */
export async function run(command, { logName, cwd, env, askPassword, onStatus }) {
  mkdirSync(logDirectory(), { recursive: true });
  const logFile = join(logDirectory(), `${logName}.log`);
  const log = createWriteStream(logFile);
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [askPassword ? 'inherit' : 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  lines(child.stdio[3], onStatus ?? (() => {}));
  const code = await new Promise((done) => {
    child.on('error', () => done(127));
    child.on('close', (status) => done(status ?? 128));
  });
  await new Promise((done) => log.end(done));
  return { code, logFile };
}

/**
 * Runs a program that talks with the person at the terminal.
 * @param {string[]} command
 * @returns {Promise<number>} exit code
 */
export function onTerminal(command) {
  const [program, ...args] = command;
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', () => done(127));
    child.on('close', (status) => done(status ?? 128));
  });
}

/** @param {import('node:stream').Readable} stream @param {(line: string) => void} onLine */
function lines(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    parts.forEach(onLine);
  });
}

/**
 * The last lines of a log, for the terminal.
 * @param {string} logFile
 * @param {number} [count]
 */
export function tailOf(logFile, count = 12) {
  const text = readFileSync(logFile, 'utf8').trimEnd();
  const last = text.split('\n').slice(-count);
  return [...last.map((line) => `  | ${line.slice(0, 200)}`), `  The whole log: ${logFile}`].join('\n');
}

/**
 * Runs a short program and returns what it printed; null when it failed or is not there.
 * @param {string[]} command
 * @param {{env?: Record<string, string>, anyCode?: boolean}} [options] `anyCode`: a failure's text counts too
 * @returns {Promise<string | null>}
 */
export function ask(command, { env, anyCode = false } = {}) {
  const [program, ...args] = command;
  return new Promise((done) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    child.on('error', () => done(null));
    child.on('close', (code) => done(code === 0 || anyCode ? text : null));
  });
}
