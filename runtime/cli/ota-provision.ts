/** The part of `vigie ota` that installs the first version into slots (docs/updates.md). */
import type { Command } from 'commander';

export function provisionCommands(): Command[] {
  return [];
}
