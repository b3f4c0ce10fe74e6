/**
 * What stands outside of the camera in `npm run fault -- mask`: the simulated head behind a device node, and the sensor that
 * looks through its true view. A process of its own, as a head and a sensor are: a busy camera must not slow them down.
 * Started by mask-camera-site.ts, which tells it what breaks. It tells of every exposure what was true, to the search alone.
 */
import { systemClock } from '../../board/linux/clock.js';
import { type HeadFaults, SimulatedHead, type SimulatedHeadOptions } from '../../board/virtual/head.js';
import { HeadPty } from '../../board/virtual/head-pty.js';
import { PanoramaSensor, type PanoramaSensorOptions } from '../../board/virtual/panorama-sensor.js';
import type { TrueView } from '../../board/virtual/true-view.js';

export interface WorldOptions {
  head: SimulatedHeadOptions;
  /** where the link to the device node is to appear */
  device: string;
  sensor: PanoramaSensorOptions;
}

export type ToWorld =
  | { t: 'start'; options: WorldOptions }
  | { t: 'faults'; faults: Partial<HeadFaults> }
  | { t: 'power'; on: boolean }
  | { t: 'plug'; in: boolean }
  | { t: 'stop' };

export type FromWorld = { t: 'ready' } | { t: 'exposed'; mark: number; monoUs: number; view: TrueView };

class World {
  readonly #head: SimulatedHead;
  readonly #pty: HeadPty;
  readonly #sensor: PanoramaSensor;

  constructor({ head, device, sensor }: WorldOptions) {
    const clock = systemClock;
    const simulated = new SimulatedHead({ clock }, head);
    this.#head = simulated;
    this.#pty = new HeadPty({ clock, head: simulated }, { path: device });
    this.#sensor = new PanoramaSensor(
      {
        clock,
        views: simulated,
        onExposure: ({ mark, monoUs }) =>
          tell({ t: 'exposed', mark, monoUs, view: simulated.trueView(monoUs) }),
      },
      sensor,
    );
  }

  async start(): Promise<void> {
    await this.#pty.plug();
    this.#sensor.start();
    tell({ t: 'ready' });
  }

  async do(order: Exclude<ToWorld, { t: 'start' }>): Promise<void> {
    if (order.t === 'faults') this.#head.setFaults(order.faults);
    else if (order.t === 'power') order.on ? this.#head.powerOn() : this.#head.powerOff();
    else if (order.t === 'plug') await (order.in ? this.#pty.plug() : this.#pty.unplug());
    else await this.#stop();
  }

  async #stop(): Promise<void> {
    await this.#sensor.stop();
    await this.#pty.unplug();
    process.disconnect();
  }
}

function tell(message: FromWorld): void {
  process.send?.(message);
}

let world: World | null = null;
/** one order after the other: pulling an adapter out takes a moment */
let done: Promise<void> = Promise.resolve();

function hear(order: ToWorld): void {
  done = done.then(async () => {
    if (order.t !== 'start') return await world?.do(order);
    world = new World(order.options);
    await world.start();
  });
  done.catch((error: unknown) => {
    process.stderr.write(`world: ${error instanceof Error ? error.message : 'failed'}\n`);
    process.exit(1);
  });
}

process.on('message', (order: ToWorld) => hear(order));
process.on('disconnect', () => process.exit());
