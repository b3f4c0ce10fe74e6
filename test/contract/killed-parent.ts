/** A program for supervision.test.ts: starts a pipeline process, stops it in its tracks, says its number, dies. */
import { writeSync } from 'node:fs';
import { PipelineProcess } from '../../runtime/health/pipeline-process.js';
import { smallPipeline } from './small-pipeline.js';

const child = new PipelineProcess(
  {
    message: ({ t }) => {
      if (t !== 'unit') return;
      process.kill(child.pid ?? 0, 'SIGSTOP');
      writeSync(1, String(child.pid));
      process.kill(process.pid, 'SIGKILL');
    },
    violation: () => undefined,
    exit: () => undefined,
  },
  null,
);
child.send({ t: 'start', options: smallPipeline() });
