/**
 * Whether the control port of this camera answers, asked as a client would ask. Used by runtime/updating.ts for a version on
 * trial. Shows no credentials and believes nothing of the answer but that it came.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface OwnPort {
  /** as configured */
  host: string;
  port: number;
  tls: boolean;
  /** the port asks for a client's certificate: its own is then all that can be seen */
  clientCertificates: boolean;
}

const timeoutMs = 3000;
const question = 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Never rejects. */
export async function ownPortAnswers(at: OwnPort, withinMs = timeoutMs): Promise<boolean> {
  const { host, port, tls, clientCertificates } = at;
  const to = { host: reachable(host), port };
  // It is asked whether this camera serves, not who it is: that its clients verify.
  const socket: Socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.setTimeout(withinMs, () => resolve(false));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.on(tls ? 'secureConnect' : 'connect', () => {
        if (tls && clientCertificates) resolve(true);
        else socket.write(question);
      });
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1').startsWith('HTTP/1.1 ')));
    });
  } finally {
    socket.destroy();
  }
}

/** An address to listen on, as one to connect to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
