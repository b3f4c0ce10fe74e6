/**
 * The one error class of the project. Everything that reaches a person is a VigieError:
 * what happened, and what a technician on a ladder can do about it.
 */

/** The closed list of what can go wrong, and the exit code the `vigie` command gives it (docs/errors.md). */
export const exitCodes = {
  config: 2,
  source: 3,
  model: 4,
  store: 5,
  access: 6,
  network: 7,
  protocol: 8,
  mask: 9,
  head: 10,
  update: 11,
  internal: 70,
} as const;

export type ErrorKind = keyof typeof exitCodes;

export class VigieError extends Error {
  override readonly name = 'VigieError';

  /**
   * @param kind where it belongs; decides the exit code
   * @param message what happened, in one line, without anything private
   * @param hint what to do about it, in one line
   */
  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly hint: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** One line for a terminal: message, then the hint. */
export function errorLine(error: unknown): string {
  if (error instanceof VigieError) return `${error.message}. ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}

/** Keeps a VigieError as it is; wraps anything else as `internal` with its cause. */
export function asVigieError(error: unknown): VigieError {
  if (error instanceof VigieError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new VigieError('internal', message, 'This is a defect: report it with the log', {
    cause: error,
  });
}
