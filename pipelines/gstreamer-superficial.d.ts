/** The part of gstreamer-superficial 1.7.4 that gst.ts uses. */
declare module 'gstreamer-superficial' {
  export interface Element {
    /** appsink: one sample, or null at the end, on an error, when stopped or never started */
    pull?(call: (data: Buffer | null, caps: object) => void): void;
    /** appsrc: `ptsBytes` is a big-endian unsigned 64-bit count of nanoseconds */
    push?(data: Buffer, ptsBytes: Buffer): void;
  }

  export interface BusMessage {
    type: string;
    name?: string;
    message?: string;
  }

  export class Pipeline {
    constructor(launch: string);
    play(): void;
    stop(): void;
    seek(seconds: number, flags: number): boolean;
    findChild(name: string): Element | undefined;
    pollBus(call: (message: BusMessage) => void): void;
  }

  export interface Binding {
    Pipeline: typeof Pipeline;
  }
}
