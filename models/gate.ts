/**
 * The gate that a model of a slot passes before any engine sees it (docs/models.md, "The gate"): listed and signed, the
 * bytes of the list, and a graph that can give no more than the few numbers its task is for. Called by the runtime, by the
 * `vigie model` command and, again and for itself, by the thread of the pipeline process that runs the model.
 */
import { dirname, join } from 'node:path';
import type { Model } from './manifest.js';
import { type OnnxEdge, type OnnxParts, readOnnx, type Shape } from './onnx-parts.js';
import { ModelRefused, type Refusal } from './refusal.js';
import { type ListedModel, readList, trustedKey } from './signed-list.js';
import { listedBytes } from './verify.js';

/** Where a model of a slot is, and who vouches for it. */
export interface SlotSource {
  /** of the signed list; the model's file is beside it */
  listFile: string;
  /** PEM of the key that must have signed it */
  publicKey: string;
  /** of the model, in the list */
  name: string;
}

/** A model that passed. */
export interface Admitted {
  model: ListedModel;
  /** what was hashed and looked into; load these */
  bytes: Buffer;
  /** boxes that the file says it gives; 0 when it gives scores alone */
  boxes: number;
}

const hint = 'Ask whoever made the model for one that keeps to docs/models.md, "The gate"';
const fileHint = 'Copy the model file that the signed list names beside the list again';

/** Boxes that a file may give; the camera tells far fewer (pipelines/detect/slots.ts). */
export const mostBoxes = 10_000;
/** Sizes of what is called an embedding here: vectors in which a face, a person or a vehicle is usually told. */
const embeddingSizes = { least: 64, most: 4096 };

/** Operators of convolutional networks and of their int8 form; none has a graph in it, none draws at random. */
const operators = new Set(
  (
    'Abs Add ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv ConvInteger ' +
    'ConvTranspose DepthToSpace DequantizeLinear Div DynamicQuantizeLinear Elu Erf Exp Expand Flatten Floor Gather ' +
    'GatherElements GatherND Gemm GlobalAveragePool GlobalMaxPool Greater HardSigmoid HardSwish Identity ' +
    'LeakyRelu Less Log LogSoftmax MatMul MatMulInteger Max MaxPool Mean Min Mish Mul Neg Not Pad Pow PRelu ' +
    'QLinearConv QLinearMatMul QuantizeLinear Range ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize ' +
    'Shape Sigmoid Slice Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose ' +
    'Unsqueeze Upsample Where'
  ).split(' '),
);
/** Named apart, because the reason says more. */
const normalising = new Set(['LpNormalization', 'ReduceL2']);
const branching = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** @throws ModelRefused with the reason */
export async function admit({ listFile, publicKey, name }: SlotSource): Promise<Admitted> {
  const list = await readList(listFile, trustedKey(publicKey));
  const model = list.models.find((one) => one.name === name);
  if (!model)
    throw new ModelRefused(
      'unlisted',
      `There is no model "${name}" in the signed list`,
      'See vigie model list',
    );
  const path = join(dirname(listFile), model.file);
  const bytes = await listedBytes({ path, sha256: model.sha256 }, fileHint);
  return { model, bytes, boxes: checkGraph(bytes, model) };
}

type Refuse = (reason: Refusal, what: string) => ModelRefused;

const refusalsOf =
  (name: string): Refuse =>
  (reason, what) =>
    new ModelRefused(reason, `Model "${name}" is refused: ${what}`, hint);

function checkOperators({ opsets, nodes }: OnnxParts, refuse: Refuse): void {
  for (const { domain, version } of opsets) {
    if (!isStandard(domain) || version > 24)
      throw refuse('operator', `operator set ${quoted(domain)} version ${version} is not admitted`);
  }
  for (const { operator, domain } of nodes) {
    if (branching.has(operator)) throw refuse('subgraph', `it has ${operator} in it`);
    if (normalising.has(operator)) throw refuse('normalise', `it has ${operator} in it`);
    if (!isStandard(domain) || !operators.has(operator))
      throw refuse('operator', `operator ${quoted(operator)} is not admitted`);
  }
}

/**
 * Looks into the graph of a detector that an update brings (docs/models.md, "Inputs and outputs of the converted file"): one
 * picture in, and out no more than where something of each listed class is, and how large.
 * @throws ModelRefused with the reason
 */
export function checkDetector(bytes: Buffer, model: Pick<Model, 'name' | 'classes'>): void {
  const refuse = refusalsOf(model.name);
  const parts = readOnnx(bytes);
  checkOperators(parts, refuse);
  const names = new Set(parts.constants);
  const given = parts.inputs.filter((one) => !names.has(one.name));
  if (given.length !== 1 || !isMap(given[0], 3))
    throw refuse('input', `its input is ${given.map(shown).join(', ') || 'none'}, not one picture`);
  const { outputs } = parts;
  const [heat, reach] = ['heat', 'reach'].map((name) => outputs.find((one) => one.name === name));
  if (outputs.length === 2 && isMap(heat, model.classes.length) && isMap(reach, 4)) return;
  const told = outputs.map(shown).join(', ');
  throw refuse(
    'output',
    `its outputs are ${told}, not a map of ${model.classes.length} classes and one of sizes`,
  );
}

/** Floats for each place of the picture; the size of the picture is left open. */
function isMap(edge: OnnxEdge | undefined, channels: number): boolean {
  if (edge?.elementType !== 1 || edge.shape.length !== 4) return false;
  return edge.shape[0] === 1 && edge.shape[1] === channels;
}

/**
 * Looks into the graph.
 * @returns the boxes that the file says it gives, 0 when it gives scores alone
 * @throws ModelRefused with the reason
 */
export function checkGraph(bytes: Buffer, model: ListedModel): number {
  const refuse = refusalsOf(model.name);
  const parts = readOnnx(bytes);
  checkOperators(parts, refuse);
  const { constants, inputs, outputs } = parts;
  const names = new Set(constants);
  const given = inputs.filter((one) => !names.has(one.name));
  const { width, height } = model.input;
  if (given.length !== 1 || !isFloat(given[0], [1, 3, height, width]))
    throw refuse(
      'input',
      `its input is ${given.map(shown).join(', ') || 'none'}, not float 1x3x${height}x${width}`,
    );
  return checkOutputs(outputs, model, refuse);
}

function checkOutputs(
  outputs: readonly OnnxEdge[],
  { output, classes }: ListedModel,
  refuse: Refuse,
): number {
  const vector = outputs.find(looksLikeEmbedding);
  if (vector) throw refuse('embedding', `its output ${shown(vector)} looks like an embedding`);
  const told = outputs.map(shown).join(', ');
  if (output === 'scores') {
    if (outputs.length === 1 && isFloat(outputs[0], [1, classes.length])) return 0;
    throw refuse('output', `its outputs are ${told}, and the list says ${classes.length} scores`);
  }
  const boxes = outputs.find(({ shape }) => shape.length === 3);
  const count = boxes?.shape[1];
  const fits =
    outputs.length === 2 &&
    typeof count === 'number' &&
    count >= 1 &&
    count <= mostBoxes &&
    isFloat(boxes, [1, count, 4]) &&
    outputs.some((one) => one !== boxes && isFloat(one, [1, count]));
  if (fits) return count;
  throw refuse('output', `its outputs are ${told}, and the list says boxes 1xNx4 with scores 1xN`);
}

/** One vector and nothing beside it in any direction; boxes have a direction for the four corners. */
function looksLikeEmbedding({ shape }: OnnxEdge, _index: number, all: readonly OnnxEdge[]): boolean {
  const wide = shape.filter((size) => size !== 1);
  const [size] = wide;
  const { least, most } = embeddingSizes;
  const one = wide.length === 1 && typeof size === 'number' && size >= least && size <= most;
  // The scores of as many boxes are a vector too; alone they are not.
  return (
    one && !all.some((other) => other.shape.length === 3 && other.shape[1] === size && other.shape[2] === 4)
  );
}

const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

function isFloat(edge: OnnxEdge | undefined, shape: Shape): boolean {
  if (edge?.elementType !== 1 || edge.shape.length !== shape.length) return false;
  return edge.shape.every((size, i) => size === shape[i]);
}

function shown({ name, shape, elementType }: OnnxEdge): string {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : '?')).join('x');
  return `${quoted(name)} ${elementType === 1 ? 'float' : `type ${elementType}`} ${sizes || 'of no size'}`;
}

/** What a file says of itself is shown short and on one line. */
function quoted(text: string): string {
  return `"${text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?')}"`;
}
