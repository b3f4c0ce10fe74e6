/**
 * The only door to uWebSockets.js. Used by server.ts and http.ts. The package falls back without an error to a
 * slower implementation in JavaScript, with other limits, when its binary does not load: that is refused here.
 */
import { createRequire } from 'node:module';
import { VigieError } from '../../errors.js';

type Uws = typeof import('uWebSockets.js');
export type App = ReturnType<Uws['App']> & { close(): void };
export type HttpRequest = import('uWebSockets.js').HttpRequest;
export type HttpResponse = import('uWebSockets.js').HttpResponse;
export type UpgradeContext = import('uWebSockets.js').us_socket_context_t;
export type WebSocket<UserData> = import('uWebSockets.js').WebSocket<UserData>;

/**
 * A new application of the native implementation.
 * @throws VigieError of kind `internal` when this machine has no binary for it
 */
export function openApp(): App {
  // Set by somebody, it would choose the fallback before anything is tried.
  delete process.env['UWS_USE_FALLBACK'];
  const uws = createRequire(import.meta.url)('uWebSockets.js') as Uws;
  if (!isNative(uws.App)) {
    const machine = `${process.platform} ${process.arch}, Node ${process.versions.node}`;
    const hint = 'Run npm run setup again with Node 20 on x64 or arm64 with glibc';
    throw new VigieError('internal', `uWebSockets.js has no binary that loads here (${machine})`, hint);
  }
  return uws.App() as App;
}

/** True for a function that is not written in JavaScript. */
export function isNative(call: unknown): boolean {
  return (
    typeof call === 'function' && /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(call))
  );
}

/**
 * Sends one binary message, in fragments below 16 KiB. From that size on this release takes a shortcut that loses
 * the payload when the socket takes no byte of the frame's header (uNetworking/uWebSockets, pull request 1662, fixed
 * in September 2023); what follows is then garbage to the client. test/contract/control-socket.test.ts fails without.
 */
export function sendMessage<UserData>(socket: WebSocket<UserData>, message: Uint8Array): void {
  if (message.length <= fragmentBytes) {
    socket.send(message, true);
    return;
  }
  socket.sendFirstFragment(message.subarray(0, fragmentBytes), true);
  let at = fragmentBytes;
  for (; message.length - at > fragmentBytes; at += fragmentBytes) {
    socket.sendFragment(message.subarray(at, at + fragmentBytes));
  }
  socket.sendLastFragment(message.subarray(at));
}

const fragmentBytes = 15 * 1024;
