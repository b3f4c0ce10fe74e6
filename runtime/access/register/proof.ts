/**
 * The proof of destruction: the lines of the register that answer for an interval, in a file that anyone can verify with
 * the public key of the camera, without the camera and without any picture. Made and verified by the
 * `vigie store destroyed` command.
 */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { type Answer, Destruction } from './destruction.js';
import { partsOf, type Told } from './entry.js';
import { decodeLine, hashOf, mostLineBytes, signedBy } from './line.js';
import { decodePublicKey, encodePublicKey } from './signing-key.js';
import { readRegister, type Verified } from './verify.js';

const mostLines = 1_000_000;

export const proofFile = z.strictObject({
  what: z.literal('vigie proof of destruction'),
  version: z.literal(1),
  /** Ed25519, SPKI DER, base64url: compare its fingerprint with the one written down at installation */
  publicKey: z.string().max(120),
  fromMs: z.number(),
  toMs: z.number(),
  /** in order of their numbers */
  lines: z.array(z.string().max(mostLineBytes)).max(mostLines),
});
export type ProofFile = z.infer<typeof proofFile>;

/** What is wrong with a proof; empty when it holds. */
export type ProofFault = 'not-a-proof' | 'unsigned-line' | 'broken-chain' | 'lines-missing' | 'another-key';

export interface CheckedProof {
  faults: ProofFault[];
  /** what the signed lines say; null when they cannot be read */
  answer: Answer | null;
  publicKey: KeyObject | null;
  cameraId: string | null;
}

/**
 * Answers for an interval from the register in a state directory.
 * @throws VigieError `access` or `store` when there is no register or it cannot be read
 */
export async function answerFor(
  stateDirectory: string,
  asked: { fromMs: number; toMs: number },
): Promise<{ answer: Answer; verified: Verified; proof: ProofFile }> {
  const destruction = new Destruction(asked);
  const verified = await readRegister(stateDirectory, (entry) => destruction.feed(entry));
  const wanted = wantedLines(destruction);
  const lines: string[] = [];
  let lastN = 0;
  await readRegister(stateDirectory, (entry, line) => {
    // An entry that tells several things comes once for each.
    if (entry.n === lastN || !wanted(entry) || lines.length >= mostLines) return;
    lastN = entry.n;
    lines.push(line);
  });
  const publicKey = encodePublicKey(verified.publicKey);
  const proof = { what: 'vigie proof of destruction', version: 1, publicKey, ...asked, lines } as const;
  return { answer: destruction.answer(), verified, proof };
}

/**
 * Verifies a proof and works its answer out anew, from the signed lines alone.
 * @param expected the key of the camera, null to take the one in the file
 */
export function checkProof(text: string, expected: KeyObject | null): CheckedProof {
  const nothing = { answer: null, publicKey: null, cameraId: null };
  const parsed = proofFile.safeParse(parseJson(text));
  const publicKey = parsed.success ? keyOrNull(parsed.data.publicKey) : null;
  if (!parsed.success || !publicKey) return { ...nothing, faults: ['not-a-proof'] };
  const faults = new Set<ProofFault>();
  if (expected && !expected.equals(publicKey)) faults.add('another-key');
  const destruction = new Destruction(parsed.data);
  const numbers = new Set<number>();
  let before: { n: number; hash: string } | null = null;
  let cameraId: string | null = null;
  for (const line of parsed.data.lines) {
    const entry = decodeLine(line);
    if (!entry || !signedBy(line, publicKey)) {
      faults.add('unsigned-line');
      continue;
    }
    if (before && entry.n <= before.n) faults.add('broken-chain');
    if (before && entry.n === before.n + 1 && entry.prev !== before.hash) faults.add('broken-chain');
    before = { n: entry.n, hash: hashOf(line) };
    numbers.add(entry.n);
    if (entry.kind === 'register-created' || entry.kind === 'volume-begun')
      cameraId ??= entry.cameraId ?? null;
    for (const part of partsOf(entry)) destruction.feed(part);
  }
  if (!wholeStretch(destruction, numbers)) faults.add('lines-missing');
  return { faults: [...faults], answer: destruction.answer(), publicKey, cameraId };
}

/**
 * The stretch that leaves no room for anything else; each destruction; the seals that say what is not in it; the terms; what was removed; and the first line that
 * is kept, which names the camera.
 */
function wantedLines(destruction: Destruction): (entry: Told) => boolean {
  const { reasons, stretch, firstN } = destruction;
  const always = new Set<Told['kind']>(['register-created', 'terms-set', 'volumes-removed']);
  return ({ n, kind }) =>
    (n >= stretch.first && n <= stretch.last) || n === firstN || reasons.has(n) || always.has(kind);
}

function wholeStretch({ stretch }: Destruction, numbers: ReadonlySet<number>): boolean {
  for (let n = stretch.first; n <= stretch.last; n++) if (!numbers.has(n)) return false;
  return numbers.size > 0;
}

function keyOrNull(text: string): KeyObject | null {
  try {
    return decodePublicKey(text);
  } catch (error) {
    if (error instanceof VigieError) return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
