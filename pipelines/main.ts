/**
 * Entry of the pipeline process, the only one that holds unmasked pixels. Wires the stages and the channel to
 * its parent, nothing else. It opens no socket and writes no file; when the parent goes, it goes.
 */

import { Socket } from 'node:net';
import type { Log } from '../board/ports.js';
import { asVigieError } from '../errors.js';
import { Channel } from './channel.js';
import { FramePath } from './frame-path.js';
import { type FromPipeline, type ToPipeline, toPipeline } from './messages.js';

const CHANNEL_FD = 3;
/** A mask table of 256 zones of 256 corners. */
const MOST_BYTES_FROM_PARENT = 4 << 20;
/** Bytes that the parent has not taken yet; above it, frames are dropped before the mask. */
const CHANNEL_BOUND_BYTES = 4 << 20;
/** Characters of a text for the log (messages.ts). */
const TEXT_BOUND = 4096;

/** The other end of the channel is the parent's, on the descriptor it gave at the start (runtime/health/pipeline-process.ts). */
const channel = new Channel(new Socket({ fd: CHANNEL_FD }), MOST_BYTES_FROM_PARENT, {
  message: (received) => hear(received),
  broken: die,
  closed: die,
});

function send(message: FromPipeline): void {
  channel.send(message);
}

function fault(error: unknown): void {
  const { kind, message, hint } = asVigieError(error);
  send({ t: 'fault', kind, message: message.slice(0, TEXT_BOUND), hint });
}

function say(level: 'info' | 'warn', message: string): void {
  send({ t: 'log', level, message: message.slice(0, TEXT_BOUND) });
}

const log: Log = {
  info: (message) => say('info', message),
  warn: (message) => say('warn', message),
  error: (message) => say('warn', message),
};

let path: FramePath | null = null;

function onMessage(message: ToPipeline): void {
  switch (message.t) {
    case 'start':
      path = new FramePath(
        { log, send, fault, behind: () => channel.pendingBytes > CHANNEL_BOUND_BYTES },
        message.options,
      );
      path.start();
      return;
    case 'mask-table':
      path?.load(message);
      return;
    case 'mask-open':
      path?.open(message);
      return;
    case 'pose':
      path?.pose(message);
      return;
    case 'picture':
      void path?.pictures.answer(message);
      return;
    case 'stop':
      path?.stop().catch(fault);
      return;
  }
}

function hear(received: unknown): void {
  try {
    onMessage(toPipeline.parse(received));
  } catch (error) {
    fault(error);
  }
}

/** process.exit can hang while a pull waits in native code; a signal cannot (docs/gstreamer.md). */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
