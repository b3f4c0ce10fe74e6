/**
 * From the configured sensor to the launch text that the pipeline process runs. Fed by the configuration and
 * the board profile, read by runtime/main.ts. What can be known before the start is checked here, so that
 * a missing device is one clear sentence.
 */
import { access, constants } from 'node:fs/promises';
import { VigieError } from '../errors.js';
import { i420Bytes, STAMP_BYTES } from '../pipelines/frame.js';
import { launchText } from '../pipelines/launch.js';
import type { PipelineOptions } from '../pipelines/messages.js';
import type { Profile } from './profile.js';

/** The `sensor` part of the configuration, as this module needs it. */
export type SensorChoice =
  | { kind: 'clip'; file: string; atEnd: 'loop' | 'end' }
  | { kind: 'pattern' }
  | { kind: 'v4l2'; device: string }
  | { kind: 'libcamera'; camera?: string | undefined }
  | { kind: 'rtsp'; url: string; latencyMs: number }
  | { kind: 'pipe'; file: string; stamped: boolean };

export interface PictureChoice {
  width: number;
  height: number;
  framesPerSecond: number;
}

/**
 * Launch text and manner of the sensor.
 * @throws VigieError `source` when the clip, pipe or device is not there or may not be read
 */
export async function sensorPart(
  sensor: SensorChoice,
  picture: PictureChoice,
  profile: Profile,
): Promise<Pick<PipelineOptions, 'sensorLaunch' | 'atEnd' | 'paced'>> {
  await checkReadable(sensor);
  const sensorLaunch = fill(
    profile.sensors[sensor.kind === 'pipe' && sensor.stamped ? 'stampedPipe' : sensor.kind],
    {
      ...quoted(sensor),
      width: String(picture.width),
      height: String(picture.height),
      framesPerSecond: String(Math.ceil(picture.framesPerSecond)),
      // Read in any other measure, the end of a frame waits for the beginning of the next, and its time is wrong.
      frameBytes: String(i420Bytes(picture)),
      stampedFrameBytes: String(STAMP_BYTES + i420Bytes(picture)),
    },
  );
  const clip = sensor.kind === 'clip';
  return { sensorLaunch, atEnd: clip ? sensor.atEnd : 'live', paced: clip };
}

/** Launch text of the encoder for one keyframe a second. */
export function encoderPart(
  bitrateKbps: number,
  picture: PictureChoice,
  profile: Profile,
): Pick<PipelineOptions, 'encoderLaunch' | 'framesInFlight'> {
  const encoderLaunch = fill(profile.encoder, {
    bitrateKbps: String(bitrateKbps),
    bitrateBps: String(bitrateKbps * 1000),
    gopFrames: String(Math.max(1, Math.round(picture.framesPerSecond))),
  });
  return { encoderLaunch, framesInFlight: profile.framesInFlight };
}

function quoted(sensor: SensorChoice): Record<string, string> {
  switch (sensor.kind) {
    case 'clip':
    case 'pipe':
      return { file: launchText(sensor.file) };
    case 'v4l2':
      return { device: launchText(sensor.device) };
    case 'libcamera':
      return { camera: sensor.camera ? `camera-name=${launchText(sensor.camera)}` : '' };
    case 'rtsp':
      return { url: launchText(sensor.url), latencyMs: String(sensor.latencyMs) };
    case 'pattern':
      return {};
  }
}

async function checkReadable(sensor: SensorChoice): Promise<void> {
  const path = sensor.kind === 'v4l2' ? sensor.device : 'file' in sensor ? sensor.file : null;
  if (path === null) return;
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const what = sensor.kind === 'v4l2' ? 'camera device' : 'video file';
    throw new VigieError(
      'source',
      missing ? `There is no ${what} ${path}` : `The ${what} ${path} may not be read`,
      sensor.kind === 'v4l2'
        ? 'Plug the camera in, or set sensor.device'
        : 'Check sensor.file and its permissions',
      { cause },
    );
  }
}

function fill(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new VigieError('config', `The board profile asks for {${key}}`, 'Correct the profile');
    return value;
  });
}
