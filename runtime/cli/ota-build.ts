/** The part of `vigie ota` that makes bundles (docs/updates.md). */
import type { Command } from 'commander';

export function buildCommands(): Command[] {
  return [];
}
