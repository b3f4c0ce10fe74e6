/**
 * The name and the secret that a command logs in to a camera with: from a file that only its owner can read, or asked on the
 * terminal without echo. Used by ota-camera.ts. Never takes a secret from the command line, and never prints one.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { VigieError } from '../../errors.js';

export interface Credentials {
  user: string;
  secret: string;
}

const mostBytes = 1024;

/**
 * @param ask the questions, in the person's language
 * @throws VigieError `access` when there is no terminal to ask on, or the file is not one to trust
 */
export async function credentialsOf(
  flags: { user?: string; secretFile?: string },
  ask: { user: string; secret: string },
): Promise<Credentials> {
  const user = flags.user ?? (await asked(ask.user, true, '--user NAME'));
  const secret =
    flags.secretFile === undefined
      ? await asked(ask.secret, false, '--secret-file FILE')
      : await secretIn(flags.secretFile);
  return { user, secret };
}

async function secretIn(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw refused(
      `The secret file cannot be read (${code})`,
      'Check its path, its owner and its mode',
      cause,
    );
  });
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > mostBytes)
      throw refused('The secret file is no file with a secret', 'It holds the secret, and nothing else');
    if ((found.mode & 0o077) !== 0)
      throw refused('Others can read the secret file', `Run: chmod 600 ${file}`);
    const secret = (await handle.readFile('utf8')).trim();
    if (secret !== '') return secret;
    throw refused('The secret file is empty', 'Write the secret that `vigie user add` printed into it');
  } finally {
    await handle.close();
  }
}

async function asked(question: string, echo: boolean, flag: string): Promise<string> {
  if (!process.stdin.isTTY) throw refused('There is no terminal to ask on', `Give it with ${flag}`);
  // Questions go where errors go, so that what is printed can be piped. Of a secret readline writes nothing: it has turned the
  // terminal's own echo off before the question is there.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = echo ? process.stderr : nowhere;
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  if (!echo) process.stderr.write(`${question} `);
  try {
    const stopped = new Promise<never>((_, reject) => {
      lines.once('SIGINT', () => reject(refused('Nothing was given', 'Run it again')));
      lines.once('close', () => reject(refused('Nothing was given', 'Run it again')));
    });
    const answer = (await Promise.race([lines.question(echo ? `${question} ` : ''), stopped])).trim();
    if (answer === '') throw refused('Nothing was given', 'Run it again');
    return answer;
  } finally {
    lines.close();
    if (!echo) process.stderr.write('\n');
  }
}

function refused(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('access', message, hint, { cause });
}
