/** A camera in a process of its own, for record-terminus.test.ts to kill: says a line for each alert and for what is on the card. */
import { clipConfig, runCamera } from '../camera-run.js';

const [directory = ''] = process.argv.slice(2);
const terminus = { beforeSeconds: 2, afterSeconds: 30 };
const run = await runCamera(clipConfig({ record: { capacityMiB: 64, segmentMiB: 4, terminus } }), directory);
let told = 0;
setInterval(() => {
  if (run.camera.alertsTold > told) {
    told = run.camera.alertsTold;
    process.stdout.write(`alert ${told}\n`);
  }
  process.stdout.write(`recorded ${run.camera.recorder.framesRecorded}\n`);
}, 100);
