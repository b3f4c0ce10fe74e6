/**
 * Where a camera is and what its certificate is checked against, from the flags of a command or from the camera's own
 * configuration. Used by ota-camera.ts. Never leads a secret over a network without TLS.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { VigieError } from '../../errors.js';
import { loadConfig } from '../config/load.js';
import { type Config, config } from '../config/schema.js';
import { isLoopback } from '../control/front.js';

export interface AddressFlags {
  url?: string;
  config?: string;
  ca?: string;
  fingerprint?: string;
  clientCertificate?: string;
  clientKey?: string;
}

/** `authority`: PEM; `certificate`: SHA-256 of the one certificate that is taken, 64 hex digits; null: the system's authorities. */
export type Trust = { authority: string } | { certificate: string } | null;

export interface CameraAddress {
  /** `https://host:port/`, or `http://` on this machine */
  url: URL;
  trust: Trust;
  /** PEM; for a camera that asks for one (`control.tls.clientAuthorityFile`) */
  client: { cert: string; key: string } | null;
}

/** @throws VigieError `config` for what cannot be an address, a file that cannot be read, or http to another machine */
export function addressOf(flags: AddressFlags): CameraAddress {
  const { url, certificate } = flags.url === undefined ? ofConfig(flags) : { url: urlOf(flags.url) };
  const client =
    flags.clientCertificate === undefined && flags.clientKey === undefined
      ? null
      : {
          cert: fileText(flags.clientCertificate, '--client-certificate'),
          key: fileText(flags.clientKey, '--client-key'),
        };
  return { url, trust: trustOf(flags) ?? (certificate ? { certificate } : null), client };
}

function trustOf({ ca, fingerprint }: AddressFlags): Trust {
  if (ca !== undefined && fingerprint !== undefined)
    throw wrong('--ca and --fingerprint were both given', 'Name the authority, or the one certificate');
  if (ca !== undefined) return { authority: fileText(ca, '--ca') };
  if (fingerprint === undefined) return null;
  const certificate = hex(fingerprint.replace(/^sha256[ :=]*(fingerprint=)?/i, ''));
  if (/^[0-9a-f]{64}$/.test(certificate)) return { certificate };
  const hint = 'Print it on the camera: openssl x509 -in CERTIFICATE.pem -noout -fingerprint -sha256';
  throw wrong('--fingerprint is not a SHA-256 of 64 hexadecimal digits', hint);
}

/** As the certificates of Node and OpenSSL are printed, with colons or without. */
export function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const example = 'Write for example --url https://camera.example:8480';
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw wrong('--url is not the address of a camera', example);
  if (url.pathname !== '/' || url.search !== '' || url.username !== '' || url.password !== '')
    throw wrong('--url has more than a host and a port', example);
  if (url.protocol === 'http:' && !isLoopback(hostOf(url)))
    throw wrong('Without TLS the secret would cross the network', 'Write https:// and give the camera TLS');
  return url;
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The camera of this machine. Its certificate is read from the file that the configuration names. */
function ofConfig(flags: AddressFlags): { url: URL; certificate: string | null } {
  const { host, port, tls }: Config['control'] =
    flags.config === undefined ? config.shape.control.parse({}) : loadConfig(flags.config, () => []).control;
  if (port === 0)
    throw wrong('control.port is 0: the camera takes a free one', 'Give the one that it printed with --url');
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const url = new URL(`${tls ? 'https' : 'http'}://${own.includes(':') ? `[${own}]` : own}:${port}/`);
  if (!tls) return { url, certificate: null };
  const pem = fileText(tls.certificateFile, 'control.tls.certificateFile');
  try {
    return { url, certificate: hex(new X509Certificate(pem).fingerprint256) };
  } catch (cause) {
    throw wrong('control.tls.certificateFile is no certificate', 'Correct the configuration', cause);
  }
}

function fileText(file: string | undefined, name: string): string {
  if (file === undefined) throw wrong(`${name} is missing`, 'Give both the certificate and its key');
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw wrong(`The file of ${name} cannot be read (${code})`, 'Check its path and its owner', cause);
  }
}

function wrong(message: string, hint: string, cause?: unknown): VigieError {
  return new VigieError('config', message, hint, { cause });
}
