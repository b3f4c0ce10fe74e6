/** The part of `vigie ota` that asks a running camera about its update (docs/updates.md). */
import type { Command } from 'commander';

export function cameraCommands(): Command[] {
  return [];
}
