/**
 * Opens a socket to a camera and checks who is there, before anything is sent. Used by camera-line.ts for the login and for the
 * WebSocket alike. Knows nothing of what goes over it.
 */
import { timingSafeEqual } from 'node:crypto';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Clock } from '../../board/ports.js';
import { VigieError } from '../../errors.js';
import { type CameraAddress, hex, hostOf } from './camera-address.js';

const openMs = 10_000;

/** @throws VigieError `network` when nobody answers in time, or not who was asked for */
export async function openSocket({ clock }: { clock: Clock }, address: CameraAddress): Promise<Socket> {
  const { url } = address;
  const secure = url.protocol === 'https:';
  const host = hostOf(url);
  const port = Number(url.port || (secure ? 443 : 80));
  const socket = secure ? tlsSocket(address, host, port) : netConnect({ host, port, noDelay: true });
  const cancel = clock.after(openMs, () =>
    socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
  );
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    if (secure) checkCertificate(socket as TLSSocket, address);
    // What fails from now on is told to whoever uses it.
    socket.on('error', () => undefined);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof VigieError ? error : lineError(error, url);
  } finally {
    cancel();
  }
}

function tlsSocket({ trust, client }: CameraAddress, host: string, port: number): TLSSocket {
  const pinned = trust !== null && 'certificate' in trust;
  return tlsConnect({
    host,
    port,
    minVersion: 'TLSv1.3',
    // A certificate that was named itself needs nobody to vouch for it: checkCertificate() compares it.
    rejectUnauthorized: !pinned,
    ...(isIP(host) === 0 && { servername: host }),
    ...(trust !== null && 'authority' in trust && { ca: trust.authority }),
    ...(client && client),
  });
}

function checkCertificate(socket: TLSSocket, { trust, url }: CameraAddress): void {
  if (trust === null || !('certificate' in trust)) return;
  const shown = Buffer.from(hex(socket.getPeerCertificate().fingerprint256 ?? ''), 'hex');
  const asked = Buffer.from(trust.certificate, 'hex');
  if (shown.length === asked.length && timingSafeEqual(shown, asked)) return;
  const hint = 'It was replaced, or somebody stands between: compare the fingerprint on the camera itself';
  throw new VigieError('network', `${url.host} shows another certificate than the one named`, hint);
}

/** What went wrong with the connection, in one line. */
export function lineError(error: unknown, { host }: URL): VigieError {
  if (error instanceof VigieError) return error;
  const { code = 'unknown', message = '' } = error as NodeJS.ErrnoException;
  const [what, hint] = reasonOf(code, message);
  return new VigieError('network', `${host}: ${what} (${code})`, hint, { cause: error });
}

function reasonOf(code: string, message: string): [what: string, hint: string] {
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA/.test(code))
    return ['the camera wants a certificate of who connects', 'Give --client-certificate and --client-key'];
  if (/CERT|SELF_SIGNED|ISSUER|VERIFY|ALTNAME|CRL/.test(`${code} ${message.toUpperCase()}`))
    return [
      'the certificate of the camera is not trusted',
      'Name the city’s authority with --ca, or this one certificate with --fingerprint',
    ];
  if (/SSL|EPROTO|TLS/.test(code))
    return ['what answers does not speak TLS 1.3', 'Check --url: https:// and the port of the control plane'];
  if (/ECONNRESET|EPIPE|HPE_/.test(code))
    return ['the connection was cut', 'Check --url, and whether the camera wants --client-certificate'];
  return [
    'no camera answers',
    'Check that it runs, and its address: --url, or --config of this machine’s camera',
  ];
}
