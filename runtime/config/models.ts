/**
 * The keys of the configuration about models that an integrator brings (docs/models.md, "The gate"). Part of schema.ts.
 * They name files only: what may run is in the signed list, and nothing here can widen it.
 */
import { z } from 'zod';
import { plainText } from './texts.js';

export const models = z
  .strictObject({
    manifestFile: plainText.describe(
      'Signed list of the models for fire and weapons, the files beside it; relative to the state directory',
    ),
    trustFile: plainText
      .default('models.pub')
      .describe(
        'Public key (Ed25519, PEM) that must have signed the list, put there by hand; relative to the state directory',
      ),
  })
  .optional()
  .describe('Models of the integrator');
