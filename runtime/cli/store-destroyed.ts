/**
 * `vigie store destroyed`: was an interval destroyed? Answers from the register alone, writes the proof, and verifies one
 * on any machine. Added to `vigie store` by store.ts. Opens no recording and no key of one.
 */
import type { KeyObject } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { VigieError } from '../../errors.js';
import type { Answer, Piece } from '../access/register/destruction.js';
import { answerFor, checkProof, type ProofFile } from '../access/register/proof.js';
import { fingerprintOf } from '../access/register/signing-key.js';
import { type KeepingFlags, printRows, usualState, withKeepingFlags } from './keeping-flags.js';
import { parseTime, showTime } from './store-times.js';
import { type KeepingWords, keepingWords, stateOf } from './store-words-keeping.js';

interface Flags extends KeepingFlags {
  from?: string;
  to?: string;
  proof?: string;
  verify?: string;
  key?: string;
}

const mostProofBytes = 512 * 2 ** 20;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function destroyedCommand(): Command {
  return withKeepingFlags(new Command('destroyed'))
    .description('Was an interval destroyed? Answers from the register, without any picture')
    .option('--from <time>', '2026-03-01T14:05:00, 14:05 (today), -10m (ago)')
    .option('--to <time>', 'the same, or now')
    .option('--proof <file>', 'write the signed lines that prove the answer')
    .option(
      '--verify <file>',
      'verify such a file instead, on any machine; exit code 1 when it does not hold',
    )
    .option(
      '--key <fingerprint>',
      'with --verify: the key of the camera, as `vigie register verify` shows it',
    )
    .addHelpText(
      'after',
      '\nA running camera tells a destruction within a minute of the term; until then it counts as still there.\n' +
        '\nExamples: vigie store destroyed --from 2026-03-01T14:00 --to 2026-03-01T15:00 --proof answer.json' +
        '\n          vigie store destroyed --verify answer.json',
    )
    .action(async (flags: Flags) => {
      const words = keepingWords(flags.language);
      if (flags.verify) await verify(flags.verify, flags, words);
      else await ask(flags, words);
    });
}

async function ask(flags: Flags, words: KeepingWords): Promise<void> {
  if (!flags.from || !flags.to) {
    const hint = 'Name the interval with --from and --to, or a proof with --verify';
    throw new VigieError('config', 'There is no interval', hint);
  }
  const nowMs = systemClock.wallMs();
  const asked = { fromMs: parseTime(flags.from, nowMs), toMs: parseTime(flags.to, nowMs) };
  if (asked.toMs < asked.fromMs) {
    throw new VigieError('config', 'The interval ends before it begins', 'Exchange --from and --to');
  }
  const { answer, verified, proof } = await answerFor(usualState(flags), asked);
  if (verified.findings.length > 0) {
    process.stderr.write('vigie: the register is damaged or was changed; run vigie register verify\n');
    process.exitCode = 1;
  }
  if (flags.json) print(JSON.stringify(answer, null, 2));
  else printAnswer(answer, words);
  if (flags.proof) await writeProof(flags.proof, proof, flags.json === true, words);
}

async function verify(file: string, flags: Flags, words: KeepingWords): Promise<void> {
  const checked = checkProof(await readProof(file), null);
  const { faults, answer, publicKey, cameraId } = checked;
  if (flags.key && publicKey && !sameFingerprint(flags.key, publicKey)) faults.push('another-key');
  if (flags.json) {
    const fingerprint = publicKey && fingerprintOf(publicKey);
    print(
      JSON.stringify({ holds: faults.length === 0, faults, cameraId, key: fingerprint, answer }, null, 2),
    );
  } else if (faults.length > 0) {
    print(words.proofFails);
    for (const fault of faults) print(`  ${words.fault[fault]}`);
  } else {
    print(words.proofHolds(cameraId ?? '?'));
    if (publicKey) print(words.key(fingerprintOf(publicKey)));
    if (answer) printAnswer(answer, words);
  }
  if (faults.length > 0) process.exitCode = 1;
}

function sameFingerprint(asked: string, key: KeyObject): boolean {
  return asked.replace(/\s/g, '').toLowerCase() === fingerprintOf(key).replace(/\s/g, '');
}

async function readProof(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > mostProofBytes) throw new Error('too large');
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new VigieError('config', `The proof ${file} cannot be read`, 'Check its name', { cause });
  }
}

async function writeProof(
  file: string,
  proof: ProofFile,
  quiet: boolean,
  words: KeepingWords,
): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(`${JSON.stringify(proof, null, 1)}\n`).finally(() => handle.close());
  } catch (cause) {
    const hint = 'Name a new file in a directory that exists';
    throw new VigieError('config', `The proof cannot be written to ${file}`, hint, { cause });
  }
  if (!quiet) print(words.proofWritten(file, proof.lines.length));
}

function printAnswer(answer: Answer, words: KeepingWords): void {
  print(`${showTime(answer.fromMs)} - ${showTime(answer.toMs)}`);
  print(words.verdict[answer.verdict]);
  if (answer.registerFromMs !== null && answer.registerFromMs > answer.fromMs) {
    const since = showTime(answer.registerFromMs);
    print(answer.forgotten ? words.forgotten(since) : words.beforeRegister(since));
  }
  if (!answer.final) print(words.notFinal);
  const pieces = joined(answer.pieces).map((piece) => ({
    fromMs: piece.fromMs,
    cells: [showTime(piece.fromMs), showTime(piece.toMs), words.classes[piece.class], stateOf(piece, words)],
  }));
  const gaps = answer.gaps.map(({ fromMs, toMs }) => ({
    fromMs,
    cells: [showTime(fromMs), showTime(toMs), '', words.never],
  }));
  const knownFromMs = Math.min(answer.registerFromMs ?? answer.toMs, answer.toMs);
  const before = [{ fromMs: answer.fromMs, toMs: knownFromMs }]
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .map(({ fromMs, toMs }) => ({
      fromMs,
      cells: [showTime(fromMs), showTime(toMs), '', words.beforeMemory],
    }));
  const rows = [...before, ...pieces, ...gaps].sort((a, b) => a.fromMs - b.fromMs).map(({ cells }) => cells);
  if (rows.length > 0) printRows([words.columns, ...rows]);
}

/** Neighbours of one class, destroyed in the same minute or due in the same minute, as one row. */
function joined(pieces: readonly Piece[]): Piece[] {
  const rows: Piece[] = [];
  for (const piece of pieces) {
    const last = rows.findLast((row) => row.class === piece.class);
    if (last && alike(last, piece) && piece.fromMs - last.toMs < 2000)
      last.toMs = Math.max(last.toMs, piece.toMs);
    else rows.push({ ...piece });
  }
  return rows;
}

function alike(a: Piece, b: Piece): boolean {
  const minute = (ms: number | null | undefined): number | null =>
    ms == null ? null : Math.floor(ms / 60_000);
  return (
    a.timesSure === b.timesSure &&
    a.timesCorrected === b.timesCorrected &&
    a.destroyed?.reason === b.destroyed?.reason &&
    minute(a.destroyed?.atMs) === minute(b.destroyed?.atMs) &&
    minute(a.untilMs) === minute(b.untilMs)
  );
}
