/**
 * The serial line to a head, as bytes. The one door to the `serialport` package; head-wire.ts asks through it, and tests
 * put a line in memory in its place. Decides nothing: what it means that bytes stop coming is for others.
 */
/** An open line. */
export interface OpenLine {
  /** resolves when the bytes are with the driver */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a line; rejects when it cannot. `gone` is told once, when it ends without having been closed from here. */
export type LineOpener = (on: { bytes(bytes: Buffer): void; gone(): void }) => Promise<OpenLine>;

/**
 * Eight data bits, no parity, one stop bit, as both protocols want.
 * @param path of the device node
 * @param baudRate Pelco-D heads come with 2400, 4800 or 9600; VISCA ones with 9600 or 38400
 */
export function serialLine(path: string, baudRate: number): LineOpener {
  return async (on) => {
    // Most cameras have no such line: they do without the memory of its package.
    const { SerialPort } = await import('serialport');
    const port = new SerialPort({
      path,
      baudRate,
      autoOpen: false,
      dataBits: 8,
      parity: 'none',
      stopBits: 1,
    });
    let ended = false;
    const gone = (): void => {
      if (ended) return;
      ended = true;
      on.gone();
    };
    port.on('data', (bytes: Buffer) => on.bytes(bytes));
    port.on('close', gone);
    // A failing read ends in `close`; without a listener it would end the process instead.
    port.on('error', () => undefined);
    await new Promise<void>((opened, failed) => port.open((error) => (error ? failed(error) : opened())));
    return {
      write: (bytes) =>
        new Promise((written, failed) => port.write(bytes, (error) => (error ? failed(error) : written()))),
      close: () => {
        ended = true;
        return new Promise((closed) => (port.isOpen ? port.close(() => closed()) : closed()));
      },
    };
  };
}
