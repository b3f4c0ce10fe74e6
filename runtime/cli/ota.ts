/** `vigie ota`: updates, from the keys of the integrator to the camera on its pole (docs/updates.md). */
import { Command } from 'commander';
import { buildCommands } from './ota-build.js';
import { cameraCommands } from './ota-camera.js';
import { provisionCommands } from './ota-provision.js';
import { repositoryCommands } from './ota-repository.js';
import { systemCommands } from './ota-system.js';

export function otaCommand(): Command {
  const ota = new Command('ota').description(
    'Updates: what a camera does with them, and how an integrator makes them',
  );
  const groups: [string, Command[]][] = [
    ['On the camera:', [...cameraCommands(), ...provisionCommands()]],
    ['For the integrator:', [...buildCommands(), ...systemCommands(), ...repositoryCommands()]],
  ];
  for (const [heading, commands] of groups) {
    for (const command of commands) ota.addCommand(command.helpGroup(heading));
  }
  return ota;
}
