/**
 * Installs a bundle as whoever started it, through the classes that the camera uses. Started by ota-rauc-policy.test.ts as a user
 * without rights. Arguments: address of the bus, bundle.
 */
import { systemClock } from '../../board/linux/clock.js';
import { openSystemBus } from '../../board/linux/dbus.js';
import { errorLine } from '../../errors.js';
import { RaucService } from '../../ota/slots/rauc-service.js';

const [address = '', file = ''] = process.argv.slice(2);
const service = new RaucService({ openBus: () => openSystemBus({ clock: systemClock }, { address }) });
try {
  const { version } = await service.info(file);
  await service.install(file, () => {}, new AbortController().signal);
  await service.mark('active', 'rootfs.1');
  process.stdout.write(`${version} in ${await service.primary()}\n`);
} catch (error) {
  process.stdout.write(`${errorLine(error)}\n`);
} finally {
  service.close();
}
