/** The part of `vigie ota` that keeps the signed repository (docs/updates.md). */
import type { Command } from 'commander';

export function repositoryCommands(): Command[] {
  return [];
}
