/** Options of a pipeline process that costs little: a white picture of 320x240, nothing analysed. */
import { loadProfile } from '../../board/profile.js';
import { encoderPart } from '../../board/sensor.js';
import type { PipelineOptions } from '../../pipelines/messages.js';

export const smallSize = { width: 320, height: 240 };

export function smallPipeline(overrides: Partial<PipelineOptions> = {}): PipelineOptions {
  return {
    ...encoderPart(500, { ...smallSize, framesPerSecond: 20 }, loadProfile('virtual')),
    ...smallSize,
    sensorLaunch: 'videotestsrc is-live=true pattern=white ! video/x-raw,width=320,height=240,framerate=20/1',
    atEnd: 'live',
    paced: false,
    rate: { numerator: 20, denominator: 1 },
    detect: null,
    head: null,
    motion: null,
    personMask: null,
    ...overrides,
  };
}
