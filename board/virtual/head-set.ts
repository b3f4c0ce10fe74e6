/**
 * The virtual board's head, whole: the simulated one, the device node it is behind, and the product's head on that node.
 * Used by contract tests; the demonstration has the simulation in a process of its own (head-stage.ts). The two halves know nothing of each other but bytes.
 */
import type { Clock, HeadPort, Log } from '../ports.js';
import { headOn } from '../ptz/open-head.js';
import type { HeadEvent } from '../ptz/serial-head.js';
import { serialLine } from '../ptz/serial-line.js';
import { SimulatedHead, virtualHeadLimits, virtualHeadOptions, virtualZoomScale } from './head.js';
import { HeadPty } from './head-pty.js';

export class VirtualHeadSet {
  /** the simulation: true view, faults, power */
  readonly simulated: SimulatedHead;
  /** pulls the adapter out and puts it back */
  readonly pty: HeadPty;
  /** what the product has of it */
  readonly head: HeadPort;

  /** @param options.path where the link to the device node is to appear */
  constructor(
    deps: { clock: Clock; log: Log; told: (event: HeadEvent) => void },
    options: { protocol: 'pelco-d' | 'visca'; path: string; seed: number },
  ) {
    const whole = virtualHeadOptions(options.protocol, options.seed);
    this.simulated = new SimulatedHead(deps, whole);
    this.pty = new HeadPty({ clock: deps.clock, head: this.simulated }, { path: options.path });
    this.head = headOn(
      { ...deps, open: serialLine(options.path, 9600) },
      {
        protocol: options.protocol,
        address: whole.address,
        limits: virtualHeadLimits(whole),
        zoom: virtualZoomScale(whole),
      },
    );
  }

  /** @throws VigieError `head` when socat cannot be run */
  async start(signal: AbortSignal): Promise<void> {
    await this.pty.plug();
    await this.head.start(signal);
  }

  async stop(): Promise<void> {
    await this.head.stop();
    await this.pty.unplug();
  }
}
