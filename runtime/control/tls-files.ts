/**
 * Certificate, key and client authority of the control plane. Read once by server.ts. Refuses a key that others
 * can read; never puts the content of a file in an error.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { VigieError } from '../../errors.js';

export interface TlsMaterial {
  cert: string;
  key: string;
  /** authority whose client certificates are required */
  ca?: string;
}

/** @throws VigieError of kind `config` when a file cannot be read, is readable by others, or does not fit */
export async function readTlsFiles(files: {
  certificateFile: string;
  keyFile: string;
  clientAuthorityFile?: string | undefined;
}): Promise<TlsMaterial> {
  const material: TlsMaterial = {
    cert: await readPem(files.certificateFile, 'control.tls.certificateFile', false),
    key: await readPem(files.keyFile, 'control.tls.keyFile', true),
  };
  if (files.clientAuthorityFile !== undefined) {
    material.ca = await readPem(files.clientAuthorityFile, 'control.tls.clientAuthorityFile', false);
  }
  try {
    createSecureContext({ ...material, minVersion: 'TLSv1.3' });
  } catch (cause) {
    const hint = 'Check that the key belongs to the certificate and that all are PEM';
    throw new VigieError('config', 'The TLS files of the control plane do not fit together', hint, { cause });
  }
  return material;
}

async function readPem(path: string, option: string, secret: boolean): Promise<string> {
  const handle = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    throw new VigieError('config', `${option} cannot be read`, `Check the path and the mode of ${path}`, {
      cause,
    });
  });
  try {
    const { mode, size } = await handle.stat();
    if (secret && (mode & 0o077) !== 0) {
      throw new VigieError('config', `Others can read ${option}`, `Run: chmod 600 ${path}`);
    }
    if (size > 1 << 20) throw new VigieError('config', `${option} is too large`, 'It must be a PEM file');
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
