/** Texts and shapes that several parts of the configuration take. Used by schema.ts and the files it is made of. */
import { z } from 'zod';
import { point } from '../../pipelines/messages.js';

/** What people call things: shown to operators and written in the log, so without characters that format text. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N} _.,:()/'’°-]+$/u, "letters, digits, spaces and _ . , : ( ) / ' ’ ° - only");

/** Text that ends up in a file name or in a GStreamer launch line, where a quote would end it. */
export const plainText = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\p{Cc}"\\]+$/u, 'no control characters, double quotes or backslashes');

export const polygon = z.array(point).min(3).max(256);
