/** Why the pipeline process is replaced, as errors for the log and the operator. Made for supervisor.ts. */
import { VigieError } from '../../errors.js';
import type { FromPipeline } from '../../pipelines/messages.js';

/** A fault found on this side: nobody has to do anything. */
export function fault(kind: 'source' | 'mask' | 'protocol', message: string): VigieError {
  return new VigieError(kind, message, 'It is being replaced');
}

/** A picture came under a mask that both sides did not agree on (docs/mask.md, M6). */
export function wrongMask(): VigieError {
  return fault('mask', 'The pipeline process sent a picture under a mask that was not opened');
}

/** A fault that the process told of itself; a kind that it may not claim becomes `source`. */
export function faultOf(message: Extract<FromPipeline, { t: 'fault' }>): VigieError {
  const kind = message.kind === 'model' || message.kind === 'mask' ? message.kind : 'source';
  return new VigieError(kind, message.message, message.hint);
}

/** Adds what GStreamer itself said last, which the binding may have lost. */
export function withCause(fault: VigieError, lastError: string | null): VigieError {
  if (!lastError) return fault;
  return new VigieError(fault.kind, fault.message, fault.hint, { cause: lastError });
}
