/** Bundles for the board of ota-rauc-board.ts: sound ones, and ones that a board must refuse. Made with `rauc` and `openssl`. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../random.js';

export type Signer = 'good' | 'foreign' | 'expired' | 'mail';

export interface BundleRecipe {
  version: string;
  /** other bytes in the image */
  seed?: number;
  board?: string;
  signer?: Signer;
  format?: 'plain' | 'verity';
  /** the image; made of `seed` when absent */
  image?: string;
  /** a hook of the test's own */
  hook?: { hooks: string; script: string };
  spoil?: 'tampered' | 'truncated';
}

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });

/** One authority that the board trusts, one that it does not, and certificates of both. */
export class Signers {
  readonly authority: Buffer;

  constructor(private readonly directory: string) {
    mkdirSync(directory);
    this.#authority('ours');
    this.authority = readFileSync(join(directory, 'ours.pem'));
  }

  files(signer: Signer): { cert: string; key: string; keyring: string } {
    const at = (name: string): string => join(this.directory, name);
    if (!existsSync(at(`${signer}.pem`))) this.#make(signer);
    return { cert: at(`${signer}.pem`), key: at(`${signer}.key`), keyring: at('ours.pem') };
  }

  #make(signer: Signer): void {
    if (signer === 'foreign') this.#authority('theirs');
    const authority = signer === 'foreign' ? 'theirs' : 'ours';
    const usage = signer === 'mail' ? 'emailProtection' : 'codeSigning';
    this.#certificate(signer, authority, usage, signer === 'expired' ? -1 : 30);
  }

  #key(name: string): string {
    const key = join(this.directory, `${name}.key`);
    run('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key);
    return key;
  }

  #authority(name: string): void {
    const out = join(this.directory, `${name}.pem`);
    const subject = ['-subj', `/CN=${name}`, '-days', '30'];
    run('openssl', 'req', '-x509', '-new', '-key', this.#key(name), '-out', out, ...subject);
  }

  #certificate(name: string, authority: string, usage: string, days: number): void {
    const at = (file: string): string => join(this.directory, file);
    writeFileSync(at(`${name}.ext`), `extendedKeyUsage=${usage}\nkeyUsage=digitalSignature\n`);
    run('openssl', 'req', '-new', '-key', this.#key(name), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`);
    const by = ['-CA', at(`${authority}.pem`), '-CAkey', at(`${authority}.key`), '-CAcreateserial'];
    const how = ['-extfile', at(`${name}.ext`), '-days', String(days)];
    run('openssl', 'x509', '-req', '-in', at(`${name}.csr`), '-out', at(`${name}.pem`), ...by, ...how);
  }
}

/** Bytes that no squashing makes smaller. */
export function imageOf(file: string, seed: number, bytes = 1024 * 1024): void {
  const random = seeded(seed);
  const words = new Uint32Array(bytes / 4);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  writeFileSync(file, words);
}

/** @param directory made, and left as it is */
export function writeBundle(
  directory: string,
  signers: Signers,
  recipe: BundleRecipe,
): { file: string; image: string } {
  const content = join(directory, 'content');
  mkdirSync(content, { recursive: true });
  const name = `rootfs.${recipe.image?.split('.').at(-1) ?? 'img'}`;
  const image = join(content, name);
  if (recipe.image === undefined) imageOf(image, recipe.seed ?? 1);
  else copyFileSync(recipe.image, image);
  const { hook } = recipe;
  if (hook) writeFileSync(join(content, 'hook.sh'), hook.script, { mode: 0o755 });
  const lines = [
    '[update]',
    `compatible=vigie-${recipe.board ?? 'banc'}`,
    `version=${recipe.version}`,
    '[bundle]',
    `format=${recipe.format ?? 'plain'}`,
    ...(hook ? ['[hooks]', 'filename=hook.sh'] : []),
    '[image.rootfs]',
    `filename=${name}`,
    ...(hook ? [`hooks=${hook.hooks}`] : []),
  ];
  writeFileSync(join(content, 'manifest.raucm'), `${lines.join('\n')}\n`);
  const file = join(directory, 'update.raucb');
  const { cert, key } = signers.files(recipe.signer ?? 'good');
  run('rauc', 'bundle', `--cert=${cert}`, `--key=${key}`, content, file);
  if (recipe.spoil) spoil(file, recipe.spoil);
  return { file, image };
}

function spoil(file: string, how: 'tampered' | 'truncated'): void {
  const bytes = readFileSync(file);
  if (how === 'truncated') return truncateSync(file, Math.floor(bytes.length / 2));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}
