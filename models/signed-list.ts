/**
 * The integrator's list of models, for the slots: a flattened JWS (RFC 7515) whose payload names each model's task, file,
 * hash, sizes and classes, signed with Ed25519 by a key whose public half is on the camera. Read by gate.ts and slot.ts,
 * in both processes. There is no key that is trusted because it came first, and no list that counts without a signature.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { ModelRefused } from './refusal.js';
import { boundedBytes } from './verify.js';

/** The tasks of a slot. Those of the camera's own models are in manifest.ts; there is no third place. */
export const slotTask = z.enum(['fire', 'weapon']);
export type SlotTask = z.infer<typeof slotTask>;

/** What the classes of each task may be: `none` is what the model says when it sees nothing of the kind. */
export const slotClasses = {
  fire: ['fire', 'smoke', 'none'],
  weapon: ['firearm', 'knife', 'weapon', 'none'],
} as const satisfies Record<SlotTask, readonly string[]>;

const plain = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'no characters that format text');
const side = z.int().min(32).max(1024).multipleOf(4);

const listedModel = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'lower-case letters, digits and - only'),
    task: slotTask,
    /** beside the list */
    file: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, 'a plain file name'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex'),
    input: z.strictObject({ width: side, height: side, values: z.enum(['0..1', '0..255']) }),
    /** `scores`: one output [1, classes]; `boxes`: [1, N, 4] and [1, N], of one class */
    output: z.enum(['scores', 'boxes']),
    classes: z.array(z.string()).min(1).max(4),
    /** lowest score that is told */
    threshold: z.number().min(0.05).max(1),
    /** what holds an event together over time bridges a gap of little more (runtime/scene/behaviours/slot.ts) */
    everySeconds: z.number().min(1).max(2).default(1),
    licence: plain(500),
    /** what the maker measured, on what, in words */
    accuracy: plain(1000),
  })
  .refine(({ output, classes }) => output !== 'boxes' || classes.length === 1, {
    path: ['classes'],
    message: 'boxes are of one class',
  });
export type ListedModel = z.infer<typeof listedModel>;

const listForm = z
  .strictObject({ version: z.literal(1), models: z.array(listedModel).min(1).max(4) })
  .refine(({ models }) => new Set(models.map(({ name }) => name)).size === models.length, {
    path: ['models'],
    message: 'a name is used twice',
  });
export type SignedList = z.infer<typeof listForm>;

const envelope = z.strictObject({ payload: z.string(), protected: z.string(), signature: z.string() });
const header = z.strictObject({
  alg: z.literal('EdDSA'),
  /** RFC 7638 thumbprint of the key, to tell a wrong key from an altered list; it decides nothing */
  kid: z.string().max(64).optional(),
});

/** A list of four models is a few KiB. */
const mostListBytes = 64 * 1024;
const hint =
  'Have the list signed again by whoever holds the key that the city trusts; see vigie model check';
const keyHint = 'Put the public half of the key that signs the list there, as PEM (openssl pkey -pubout)';

const refuse = (reason: ConstructorParameters<typeof ModelRefused>[0], message: string): ModelRefused =>
  new ModelRefused(reason, message, hint);

/**
 * The key that a PEM text holds.
 * @throws ModelRefused `key` for anything but an Ed25519 public key
 */
export function trustedKey(pem: string): KeyObject {
  // A private key would be taken for its public half: it does not belong on a camera.
  if (!/^-----BEGIN PUBLIC KEY-----$/m.test(pem) || /PRIVATE KEY/.test(pem)) throw noKey();
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw noKey(cause);
  }
  throw noKey();
}

function noKey(cause?: unknown): ModelRefused {
  return new ModelRefused('key', 'The trusted key is not an Ed25519 public key in PEM', keyHint, { cause });
}

/** @throws ModelRefused `key` */
export async function readTrustedPem(path: string): Promise<string> {
  try {
    const pem = (await boundedBytes(path, 4096, keyHint)).toString('utf8');
    trustedKey(pem);
    return pem;
  } catch (cause) {
    if (cause instanceof ModelRefused && cause.reason === 'key') throw cause;
    throw new ModelRefused('key', `There is no key to trust in ${path}`, keyHint, { cause });
  }
}

/**
 * Checks the signature first and the form after it.
 * @throws ModelRefused `list-missing`, `too-large`, or what openList throws
 */
export async function readList(path: string, key: KeyObject): Promise<SignedList> {
  let bytes: Buffer;
  try {
    bytes = await boundedBytes(path, mostListBytes, hint);
  } catch (cause) {
    if (cause instanceof ModelRefused && cause.reason !== 'missing') throw cause;
    throw new ModelRefused('list-missing', `The list of models ${path} cannot be read`, hint, { cause });
  }
  return openList(bytes.toString('utf8'), key);
}

/** @throws ModelRefused `unsigned`, `other-key`, `signature`, `list-form`, `task` or `classes` */
export function openList(text: string, key: KeyObject): SignedList {
  const sealed = envelope.safeParse(json(text));
  if (!sealed.success) throw refuse('unsigned', 'The list of models is not a signed one (flattened JWS)');
  const { payload, protected: head, signature } = sealed.data;
  const meant = header.safeParse(json(decoded(head).toString('utf8')));
  if (!meant.success) throw refuse('unsigned', 'The list of models is not signed with EdDSA');
  const { kid } = meant.data;
  if (kid !== undefined && kid !== thumbprint(key))
    throw refuse('other-key', 'The list of models is signed by a key that the camera does not trust');
  if (!verify(null, Buffer.from(`${head}.${payload}`, 'ascii'), key, decoded(signature))) {
    if (kid === undefined)
      throw refuse(
        'other-key',
        'The list of models was not signed by the key that the camera trusts, or altered since',
      );
    throw refuse('signature', 'The list of models was altered after it was signed');
  }
  return parseList(decoded(payload).toString('utf8'));
}

/** @throws ModelRefused `list-form`, `task` or `classes` */
export function parseList(text: string): SignedList {
  const result = listForm.safeParse(json(text));
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.join('.') || 'top level';
    const reason = issue?.path.at(-1) === 'task' ? 'task' : 'list-form';
    throw refuse(reason, `The list of models is not valid at ${where}: ${issue?.message ?? ''}`);
  }
  for (const { name, task, classes } of result.data.models) {
    const known: readonly string[] = slotClasses[task];
    const strange = classes.find((one) => !known.includes(one));
    const said = strange === undefined ? '' : JSON.stringify(strange).slice(0, 40);
    if (said) throw refuse('classes', `Model "${name}" lists class ${said}; ${task} has ${known.join(', ')}`);
    const useful = classes.some((one) => one !== 'none') && new Set(classes).size === classes.length;
    if (!useful) throw refuse('classes', `Model "${name}" lists a class twice, or none that counts`);
  }
  return result.data;
}

/**
 * Signs a list, for whoever holds the key; the camera never does.
 * @throws ModelRefused for a list that the camera would refuse, or `key`
 */
export function signList(text: string, privateKey: KeyObject): string {
  parseList(text);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw noKey();
  const kid = thumbprint(createPublicKey(privateKey));
  const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid })).toString('base64url');
  const payload = Buffer.from(text).toString('base64url');
  const signature = sign(null, Buffer.from(`${head}.${payload}`, 'ascii'), privateKey).toString('base64url');
  return `${JSON.stringify({ payload, protected: head, signature })}\n`;
}

/** RFC 7638, of an Ed25519 key (RFC 8037). */
export function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

/** Base64url without padding, and nothing else; what is not is empty, which no signature and no form admits. */
function decoded(text: string): Buffer {
  return /^[A-Za-z0-9_-]*$/.test(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
