/** The part of `vigie ota` that keeps the signed repository (docs/updates-integrator.md, "Step by step"). */
import type { Command } from 'commander';
import { pruneCommand, refreshCommand, repositoryCommand, serveCommand } from './ota-repository-care.js';
import { keysCommand, signCommand } from './ota-repository-keys.js';
import { publishCommand, rolloutCommand, withdrawCommand } from './ota-repository-offers.js';
import {
  boardCommand,
  customerCommand,
  initCommand,
  revokeCommand,
  rotateCommand,
  unstageCommand,
} from './ota-repository-roles.js';

export function repositoryCommands(): Command[] {
  return [
    keysCommand(),
    initCommand(),
    customerCommand(),
    boardCommand(),
    publishCommand(),
    rolloutCommand(),
    withdrawCommand(),
    refreshCommand(),
    repositoryCommand(),
    pruneCommand(),
    signCommand(),
    unstageCommand(),
    rotateCommand(),
    revokeCommand(),
    serveCommand(),
  ];
}
