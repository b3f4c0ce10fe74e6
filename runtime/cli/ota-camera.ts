/**
 * `vigie ota status | check | install | confirm | rollback`: asks a running camera about its update, as an operator would, with an
 * account that has the right (docs/updates.md). Called by ota.ts, from the camera itself or from afar. Decides nothing.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../board/linux/clock.js';
import { exitCodes, VigieError } from '../../errors.js';
import type { UpdateStatus } from '../../ota/update.js';
import type { FromClient } from '../control/protocol.js';
import { type AddressFlags, addressOf } from './camera-address.js';
import { CameraLine } from './camera-line.js';
import { credentialsOf } from './camera-login.js';
import { languageOf, printRows } from './keeping-flags.js';
import { type OtaWords, otaWords, statusRows } from './ota-camera-words.js';
import { type Outcome, UpdateCourse, UpdateFollow } from './ota-follow.js';
import { OtaSight } from './ota-sight.js';
import type { Language } from './store-words.js';

interface Flags extends AddressFlags {
  user?: string;
  secretFile?: string;
  json?: boolean;
  language?: Language;
  wait: number;
}

type Order = Extract<FromClient, { t: `update.${string}` }>;

/** An open line, how the update stood, and what is needed to open another one. */
interface Camera {
  line: CameraLine;
  name: string;
  user: string;
  words: OtaWords;
  status: UpdateStatus;
  again: () => Promise<CameraLine>;
}

/** As docs/errors.md has them; 130 is what a shell gives a command that Ctrl-C ended. */
const exitOf: Record<Outcome, number> = {
  confirmed: 0,
  trial: 1,
  returned: exitCodes.update,
  failed: exitCodes.update,
  lost: exitCodes.network,
  interrupted: 130,
};
const print = (text: string): void => void process.stdout.write(`${text}\n`);

export function cameraCommands(): Command[] {
  return [
    withFlags(new Command('status'))
      .description('How the update of a running camera stands')
      .action((flags: Flags) => onCamera(flags, async (camera) => tell(camera, flags))),
    withFlags(new Command('check'))
      .description('Ask the repository now')
      .action((flags: Flags) =>
        onCamera(flags, async (camera) => {
          camera.status = await order(camera, { t: 'update.check' });
          tell(camera, flags);
        }),
      ),
    withWait(withFlags(new Command('install')))
      .description('Install what is offered, now, and follow it until it is confirmed or gone back')
      .action((flags: Flags) => onCamera(flags, (camera) => install(camera, flags))),
    withFlags(new Command('confirm'))
      .description('Keep the version on trial without waiting for its health')
      .action((flags: Flags) => onCamera(flags, (camera) => confirm(camera, flags))),
    withWait(withFlags(new Command('rollback')))
      .description('Go back to the version before, and wait until it runs')
      .action((flags: Flags) => onCamera(flags, (camera) => rollback(camera, flags))),
  ];
}

function withFlags(command: Command): Command {
  return command
    .option('--url <address>', 'https://host:port of the camera')
    .option('--config <file>', 'configuration of the camera on this machine, in place of --url')
    .option('--user <name>', 'account with the right `update` (default: asked on the terminal)')
    .option('--secret-file <file>', 'file of mode 0600 with its secret (default: asked without echo)')
    .option('--ca <file>', 'PEM of the authority that signed the certificate of the camera')
    .option('--fingerprint <sha256>', 'of the one certificate that is taken')
    .option('--client-certificate <file>', 'PEM, for a camera that wants one')
    .option('--client-key <file>', 'PEM of its key')
    .option('--json', 'print JSON, one object a line')
    .addOption(new Option('--language <language>', 'language of what is printed').choices(['fr', 'en']));
}

function withWait(command: Command): Command {
  return command.option(
    '--wait <seconds>',
    'how long to wait for the camera from its restart on',
    waitOption,
    600,
  );
}

function waitOption(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,5}$/.test(text) && seconds > 0) return seconds;
  throw new InvalidArgumentError('It takes a number of seconds, for example 600.');
}

/** Opens the line, does it, and leaves no session behind. */
async function onCamera(flags: Flags, act: (camera: Camera) => Promise<void>): Promise<void> {
  const words = otaWords(languageOf(flags));
  const address = addressOf(flags);
  const credentials = await credentialsOf(flags, { user: words.askUser, secret: words.askSecret });
  let name = '';
  const again = async (): Promise<CameraLine> => {
    const line = new CameraLine({ clock: systemClock }, address);
    try {
      const welcome = await line.open(credentials, words.language);
      if (!welcome.rights.includes('update'))
        throw new VigieError('access', words.noRight(welcome.user), words.giveRight);
      name = welcome.camera.name;
      line.send({ t: 'update.get' });
      return line;
    } catch (error) {
      await line.close();
      throw error;
    }
  };
  const line = await again();
  try {
    const status = await answerTo(line, 'update.get', words);
    await act({ line, name, user: credentials.user, words, status, again });
  } finally {
    await line.close();
  }
}

/** The status after an order. Rejects with what the camera says when it refuses. */
async function order({ line, words }: Camera, request: Order): Promise<UpdateStatus> {
  line.send(request);
  return answerTo(line, request.t, words);
}

async function answerTo(line: CameraLine, t: Order['t'], words: OtaWords): Promise<UpdateStatus> {
  for (;;) {
    const message = await line.next();
    if (message?.t === 'error' && (message.re === t || message.re === null)) {
      const kind = message.code === 'forbidden' ? 'access' : 'update';
      throw new VigieError(kind, message.message[words.language], words.seeStatus);
    }
    if (message?.t === 'update' && message.re === t) return message.status;
  }
}

function tell({ name, status, words }: Camera, flags: Flags): void {
  if (flags.json) print(JSON.stringify({ camera: name, status }));
  else printRows(statusRows(name, status, words));
}

async function install(camera: Camera, flags: Flags): Promise<void> {
  const { words } = camera;
  const underWay = ['downloading', 'installing', 'restarting'].includes(camera.status.state);
  if (!underWay && !camera.status.offer) camera.status = await order(camera, { t: 'update.check' });
  const { offer, problem, running } = camera.status;
  if (!offer) {
    if (problem) throw new VigieError('update', problem[words.language], words.seeStatus);
    if (flags.json || underWay) return tell(camera, flags);
    return print(words.nothingNewer(running.version));
  }
  if (!underWay) camera.status = await order(camera, { t: 'update.install', version: offer.version });
  if (!flags.json) print(underWay ? words.alreadyUnderWay : words.installs(offer.version));
  await follow(camera, flags, offer.version);
}

async function confirm(camera: Camera, flags: Flags): Promise<void> {
  const { version } = camera.status.running;
  camera.status = await order(camera, { t: 'update.confirm', version });
  if (flags.json) tell(camera, flags);
  else print(camera.words.confirmed(version));
}

async function rollback(camera: Camera, flags: Flags): Promise<void> {
  const { other } = camera.status;
  const { words } = camera;
  if (!other && camera.status.backend !== 'none')
    throw new VigieError('update', words.noOther, words.seeStatus);
  // Where there are no slots the camera says so itself.
  const version = other?.version ?? camera.status.running.version;
  camera.status = await order(camera, { t: 'update.rollback', version });
  if (!flags.json) print(words.goesBack(version));
  await follow(camera, flags, version);
}

/** To the end, or to Ctrl-C, which ends only the watching. */
async function follow(camera: Camera, flags: Flags, to: string): Promise<void> {
  const { words, line, again } = camera;
  const sight = new OtaSight(words, { json: flags.json === true, name: camera.name });
  const course = new UpdateCourse(to);
  let last = camera.status;
  const show = (status: UpdateStatus): void => {
    last = status;
    sight.show(status);
  };
  const following = new UpdateFollow(
    { clock: systemClock, open: again, show, lost: () => sight.lost() },
    { waitMs: flags.wait * 1000 },
  );
  const stop = (): void => following.stop();
  process.once('SIGINT', stop);
  try {
    show(last);
    course.see(last);
    const outcome = await following.run(course, line);
    sight.end(outcome, to, last);
    process.exitCode = exitOf[outcome];
  } finally {
    process.off('SIGINT', stop);
  }
}
