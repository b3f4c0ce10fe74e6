/**
 * Runs a model of a slot in ONNX Runtime on the CPU. Fed by pipelines/detect/slot-thread.ts with what the gate admitted and
 * with small masked pictures. It tells a few places, rounded: nothing else of what a model computes leaves it.
 */
import './no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Box } from '../../pipelines/messages.js';
import { overlapOf } from '../decode/centernet.js';
import type { Admitted } from '../gate.js';
import { ModelRefused } from '../refusal.js';
import type { ListedModel } from '../signed-list.js';
import { toPlanes } from './onnx.js';

/** One place where the model saw what it looks for. */
export interface Place {
  score: number;
  box: Box;
}

/** Places of one look that are told. */
export const mostPlaces = 8;
/** Of two places that overlap more the weaker is left out. */
const mostOverlap = 0.5;

const hint = 'Ask whoever made the model for one that keeps to docs/models.md, "The gate"';
const everywhere: Box = { x: 0, y: 0, width: 1, height: 1 };

export class SlotEngine {
  #session: InferenceSession | null = null;
  readonly #model: ListedModel;
  readonly #planes: Float32Array;

  constructor(private readonly admitted: Admitted) {
    this.#model = admitted.model;
    const { width, height } = this.#model.input;
    this.#planes = new Float32Array(3 * width * height);
  }

  /**
   * Loads the bytes that were admitted and runs them once.
   * @throws ModelRefused `engine` when they cannot be loaded, `output` when they do not answer as the list says
   */
  async load(): Promise<void> {
    try {
      this.#session = await InferenceSession.create(this.admitted.bytes, {
        executionProviders: ['cpu'],
        executionMode: 'sequential',
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        extra: {
          session: {
            load_model_format: 'ONNX',
            intra_op: { allow_spinning: '0' },
            inter_op: { allow_spinning: '0' },
          },
        },
      });
    } catch (cause) {
      const message = `ONNX Runtime cannot load the model "${this.#model.name}"`;
      throw new ModelRefused('engine', message, hint, { cause });
    }
    const { width, height } = this.#model.input;
    await this.look(new Uint8Array(3 * width * height));
  }

  /**
   * Runs the model once. Holds the thread while it runs.
   * @param rgb height * width * 3 bytes of the listed size, row by row
   * @returns best first; corners and scores in hundredths
   * @throws ModelRefused `output` or `engine`
   */
  async look(rgb: Uint8Array): Promise<Place[]> {
    const session = this.#session;
    const { input, output, name } = this.#model;
    if (!session || rgb.length !== this.#planes.length)
      throw new ModelRefused(
        'engine',
        `The model "${name}" is not loaded, or got a picture of another size`,
        hint,
      );
    toPlanes(rgb, this.#planes);
    if (input.values === '0..1') for (let i = 0; i < this.#planes.length; i++) this.#planes[i] /= 255;
    const picture = new Tensor('float32', this.#planes, [1, 3, input.height, input.width]);
    let outputs: InferenceSession.OnnxValueMapType;
    try {
      outputs = await session.run({ [session.inputNames[0] ?? '']: picture });
    } catch (cause) {
      throw new ModelRefused('engine', `The model "${name}" cannot be run`, hint, { cause });
    }
    const given = Object.values(outputs);
    return output === 'scores' ? this.#fromScores(given) : this.#fromBoxes(given);
  }

  /** Frees the model. May be called twice. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.release();
  }

  #fromScores(given: readonly unknown[]): Place[] {
    const { classes, threshold } = this.#model;
    const scores = this.#floats(given, [1, classes.length]);
    const best = Math.max(...classes.map((one, i) => (one === 'none' ? 0 : this.#share(scores[i]))));
    return best >= threshold ? [{ score: rounded(best), box: everywhere }] : [];
  }

  #fromBoxes(given: readonly unknown[]): Place[] {
    const count = this.admitted.boxes;
    const scores = this.#floats(given, [1, count]);
    const corners = this.#floats(given, [1, count, 4]);
    const sure = [...scores.keys()]
      .filter((i) => this.#share(scores[i]) >= this.#model.threshold)
      .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    const kept: Place[] = [];
    for (const i of sure) {
      const box = boxOf(corners.subarray(4 * i, 4 * i + 4));
      if (box === null || kept.some((other) => overlapOf(other.box, box) > mostOverlap)) continue;
      kept.push({ score: rounded(this.#share(scores[i])), box });
      if (kept.length === mostPlaces) break;
    }
    return kept;
  }

  /** The output of exactly these sizes. */
  #floats(given: readonly unknown[], sizes: readonly number[]): Float32Array {
    const found = given.find(
      (one) => sizesOf(one).length === sizes.length && sizesOf(one).every((size, i) => size === sizes[i]),
    );
    if (given.length === sizesOfOutputs[this.#model.output] && found instanceof Tensor) {
      const { data } = found;
      if (data instanceof Float32Array && data.every(Number.isFinite)) return data;
    }
    throw this.#other('gives other outputs than its file and the list say');
  }

  #share(score = Number.NaN): number {
    if (score >= -0.001 && score <= 1.001) return Math.min(1, Math.max(0, score));
    throw this.#other('gives a score that is not within 0 to 1');
  }

  #other(what: string): ModelRefused {
    return new ModelRefused('output', `The model "${this.#model.name}" ${what}`, hint);
  }
}

const sizesOfOutputs = { scores: 1, boxes: 2 } as const;

function sizesOf(value: unknown): readonly number[] {
  return value instanceof Tensor ? value.dims : [];
}

/** Cut at the edges of the picture, in hundredths; null where nothing is left. */
function boxOf([left = 0, top = 0, right = 0, bottom = 0]: Float32Array): Box | null {
  const inside = (share: number): number => rounded(Math.min(1, Math.max(0, share)));
  const [x, y] = [inside(left), inside(top)];
  const [width, height] = [rounded(inside(right) - x), rounded(inside(bottom) - y)];
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

const rounded = (share: number): number => Math.round(share * 100) / 100;
