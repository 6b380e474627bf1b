/**
 * Generation: a language model learns to write the answer to a text.
 * @module
 */
import { storeFrozen } from "../programs/frozen.ts";
import type { ArrayValue, Device, Executable, MemoryPlan, Program } from "../../engine/types.ts";
import { type Adaptation, compose } from "../../methods/adaptation/compose.ts";
import { inferenceParts } from "../../methods/adaptation/inference-parts.ts";
import { generationMetrics, perplexity } from "../../tasks/metrics/generation.ts";
import { textMetrics } from "../../tasks/text-metrics.ts";
import type { GenerationExample, GenerationTask, TextMetric } from "../../tasks/types.ts";
import { generateTexts } from "../programs/generate-texts.ts";
import {
  asLanguageModel,
  labelInputs,
  type TrainableLanguageModel,
  trainableLanguageModel,
} from "../programs/language-model.ts";
import type { RunSpec } from "../study/spec.ts";
import type { ReferenceLoss } from "../study/record.ts";
import { microBatches } from "./batches.ts";
import { Diverged, lookUpMetrics, score } from "./evaluate.ts";
import type { EncodedExamples } from "./examples.ts";
import { planStepMemory } from "./plan-memory.ts";
import { encodeDialogue, encodePrompt } from "./prompt.ts";
import type { Splits } from "./split.ts";
import type { CompileProgram, Evaluator, TaskContext, TrainingTask } from "./training-task.ts";

/** Texts that are generated together. */
export const GENERATION_BATCH = 16;
/** Positions of texts whose losses are computed at once: fewer than in training, so that evaluating takes less memory than that. */
const LOSS_ROWS = 128;
/** Texts whose scores are compared with the backbone's before the first step. */
const IDENTITY_TEXTS = 8;

type LanguageBackbone = ReturnType<typeof asLanguageModel>;

/** Token ids of a text and of one of its right answers. */
interface Sequence {
  /** Index of the example. */
  example: number;
  text: readonly number[];
  answer: readonly number[];
}

/**
 * Sequences whose answers are learnt: every answer token of a batch has the same weight. A decoder reads text and
 * answer as one sequence. An encoder-decoder reads the text and writes the answer; both are padded to one length.
 */
function encodeSequences(backbone: LanguageBackbone, sequences: readonly Sequence[]): EncodedExamples {
  const { target } = backbone.languageModel;
  const lengths = sequences.map(({ text, answer }) =>
    target ? Math.max(text.length, answer.length) : text.length + answer.length
  );
  const longest = (indices: readonly number[]) => Math.max(...indices.map((index) => lengths[index]));
  return {
    lengths,
    positions: lengths,
    collate(indices) {
      const chosen = indices.map((index) => sequences[index]);
      if (!target) return backbone.collate(chosen.map(({ text, answer }) => [...text, ...answer]));
      const shape = [indices.length, longest(indices)];
      const size = shape[0] * shape[1];
      const written = new Int32Array(size);
      chosen.forEach(({ answer }, row) => written.set([target.start, ...answer.slice(0, -1)], row * shape[1]));
      // Texts are padded to the longest of their batch: a last one as long as the answers is added and cut off again.
      const padded = backbone.collate([...chosen.map(({ text }) => text), Array(shape[1]).fill(target.start)]);
      const read = Object.entries(padded).map(([name, { data }]) => [name, { data: data.slice(0, size), shape }]);
      return { ...Object.fromEntries(read), target: { data: written, shape } };
    },
    lossInputs(indices, batch): Record<string, ArrayValue> {
      const learnt = batch.reduce((sum, index) => sum + sequences[index].answer.length, 0);
      return labelInputs(indices.flatMap((index, row) => {
        const { text, answer } = sequences[index];
        const begin = target ? 0 : text.length;
        return answer.map((label, at) => ({ text: row, place: begin + at, label, weight: 1 / learnt }));
      }));
    },
  };
}

/**
 * The loss of each example's references.
 * @param executable a program that gives `losses` [batch]
 * @throws {Diverged} if the mean loss of a token has no finite exponential
 */
async function referenceLosses(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  sequences: readonly Sequence[],
  encoded: EncodedExamples,
): Promise<ReferenceLoss[]> {
  const sums: ReferenceLoss[] = [];
  for (const { example, answer } of sequences) {
    sums[example] = { loss: 0, tokens: (sums[example]?.tokens ?? 0) + answer.length };
  }
  for (const indices of microBatches([...sequences.keys()], encoded.lengths, LOSS_ROWS)) {
    const inputs = { ...encoded.collate(indices), ...encoded.lossInputs(indices, indices) };
    const { losses } = await executable.run({ parameters, inputs });
    // The weights are one by the number of tokens that are learnt together.
    const tokens = indices.reduce((sum, index) => sum + sequences[index].answer.length, 0);
    indices.forEach((index, row) => sums[sequences[index].example].loss += tokens * losses[row]);
  }
  if (Number.isFinite(scoreReferences(sums))) return sums;
  throw new Diverged("Cannot evaluate: the perplexity of the references is not a finite number");
}

/** The perplexity of references. */
function scoreReferences(sums: readonly ReferenceLoss[]): number {
  return perplexity.compute(sums.map(({ tokens }) => tokens), sums.map(({ loss }) => loss));
}

/**
 * Stands for a device where one that compiles is expected: it gives out executables that exist already. Releasing what
 * it gives out does nothing, so that the executables can be used again; whoever compiled them releases them.
 */
export function reuseExecutables(programs: ReadonlyMap<Program, Executable>): Pick<Device, "compile"> {
  return {
    compile(program) {
      const executable = programs.get(program)!;
      return Promise.resolve({
        masks: executable.masks,
        run: (feed) => executable.run(feed),
        planMemory: (batch, length) => executable.planMemory(batch, length),
        release: () => Promise.resolve(),
      });
    },
  };
}

/** What is evaluated by generating. */
interface GenerationSetup {
  backbone: LanguageBackbone;
  adaptation: Adaptation;
  model: TrainableLanguageModel;
  splits: Splits<GenerationExample>;
  /** Token ids of each example's prompt. */
  prompts: Record<"validation" | "test", number[][]>;
  /** Each example's references after its prompt. */
  references: Record<"validation" | "test", Sequence[]>;
  metrics: readonly TextMetric[];
  spec: RunSpec;
  threads: number;
}

/** The texts that are generated together: the beams of a text are rows of a step as texts are. */
function textsTogether({ spec: { training: { beams = 1 } } }: GenerationSetup): number {
  return Math.max(1, Math.floor(GENERATION_BATCH / beams));
}

/** Planned memory of reading and answering the longest prompts, and of the losses of the longest references. */
function planCalls(setup: GenerationSetup, read: Executable, step: Executable, losses: Executable): MemoryPlan[] {
  const { backbone, prompts, references, spec: { training: { beams = 1, outputLength } } } = setup;
  const longest = Math.max(...[...prompts.validation, ...prompts.test].map(({ length }) => length));
  const [texts, length] = [textsTogether(setup), longest + outputLength!];
  const width = backbone.keyValueWidths.reduce((sum, each) => sum + each, 0);
  // Keys and values of all tokens, and the copies that one more token is put behind.
  const cache = 2 * 2 * Float32Array.BYTES_PER_ELEMENT * texts * beams * length * width;
  const ofStep = step.planMemory(texts * beams, length);
  const known = encodeSequences(backbone, [...references.validation, ...references.test]);
  return [
    read.planMemory(texts, longest),
    { ...ofStep, activations: ofStep.activations + cache, total: ofStep.total + cache },
    planStepMemory(losses, known, { batchSize: GENERATION_BATCH, microBatchRows: LOSS_ROWS }),
  ];
}

/** Compiles the programs that generate; each split's shortest prompts are generated from first. */
async function openEvaluator(setup: GenerationSetup, compile: CompileProgram): Promise<Evaluator> {
  const { backbone, adaptation, model, splits, prompts, references, metrics, spec: { seed, training }, threads } =
    setup;
  const { temperature, topP, beams, stop } = training;
  const outputLength = training.outputLength!;
  const together = textsTogether(setup);
  // A step reads every weight for one token of each text: laying the weights out for it would save no time.
  const read = await compile(model.read, true);
  const step = await compile(model.step, true);
  const programs = new Map<Program, Executable>([[model.read.program, read], [model.step.program, step]]);
  const losses = await compile(model.losses, true);
  const generate = async (
    split: "validation" | "test",
    indices: readonly number[],
    parameters: Record<string, Float32Array>,
    tokens: number,
  ) => {
    const chosen = indices.map((index) => ({ id: splits[split][index].id, tokens: prompts[split][index] }));
    const device = reuseExecutables(programs);
    const options = { device, threads, parameters, tokens, seed, temperature, topP, beams, stop };
    return await generateTexts(backbone, adaptation, model, chosen, options);
  };
  return {
    plan: () => planCalls(setup, read, step, losses),
    async warmUp(parameters) {
      await generate("validation", [0], parameters, Math.min(2, outputLength));
    },
    async evaluate(split, parameters) {
      const lengths = prompts[split].map(({ length }) => length);
      const order = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b] || a - b);
      const predicted: string[] = [];
      for (let from = 0; from < order.length; from += together) {
        const indices = order.slice(from, from + together);
        const texts = await generate(split, indices, parameters, outputLength);
        indices.forEach((index, at) => predicted[index] = texts[at]);
      }
      const encoded = encodeSequences(backbone, references[split]);
      const known = await referenceLosses(losses, parameters, references[split], encoded);
      const ofReferences = scoreReferences(known);
      return {
        scores: {
          ...score(metrics, splits[split].map(({ references }) => references), predicted),
          [perplexity.name]: ofReferences,
        },
        loss: { value: Math.log(ofReferences) },
        predictions: splits[split].map(({ id, references }, at) => ({
          id,
          references,
          predicted: predicted[at],
          ...known[at],
        })),
      };
    },
    async release() {
      for (const executable of [...programs.values(), losses]) await executable.release();
    },
  };
}

/**
 * A generation task on a language model with a method. A training example is learnt with each of its references. The
 * first metric of the generated texts chooses the epoch.
 * @throws {Error} if the backbone is no language model or has no tokenizer
 */
export async function generation(
  task: GenerationTask,
  splits: Splits<GenerationExample>,
  { spec, backbone: opened, parts, threads }: TaskContext,
): Promise<TrainingTask> {
  const { maxLength, chat } = spec.training;
  const outputLength = spec.training.outputLength!;
  const backbone = asLanguageModel(opened);
  const adaptation = compose(parts, backbone);
  const model = trainableLanguageModel(backbone, adaptation, await storeFrozen(adaptation));
  const { end, target } = backbone.languageModel;
  const limit = Math.min(maxLength, adaptation.maxLength - (target ? 0 : outputLength));
  const encodePrompts = (examples: readonly GenerationExample[]) =>
    Array.fromAsync(examples, async ({ id, text }) => {
      if (!task.dialogue) return [...await encodePrompt(backbone, text, limit, chat)];
      return [...(await encodeDialogue(backbone, id, text, limit, chat)).ids];
    });
  const encodeAnswer = async (text: string) =>
    [...await backbone.tokenize!(text), ...end === undefined ? [] : [end]].slice(0, outputLength);
  const trainPrompts = await encodePrompts(splits.train);
  const encodeReferences = async (examples: readonly GenerationExample[], prompts: readonly number[][]) => {
    const sequences: Sequence[] = [];
    for (const [example, { references }] of examples.entries()) {
      for (const reference of references) {
        sequences.push({ example, text: prompts[example], answer: await encodeAnswer(reference) });
      }
    }
    return sequences;
  };
  const trainExamples = encodeSequences(backbone, await encodeReferences(splits.train, trainPrompts));
  const prompts = {
    validation: await encodePrompts(splits.validation),
    test: await encodePrompts(splits.test),
  };
  const references = {
    validation: await encodeReferences(splits.validation, prompts.validation),
    test: await encodeReferences(splits.test, prompts.test),
  };
  const named = [...new Set([...task.metrics, perplexity.name])];
  const ofTexts = lookUpMetrics(textMetrics, named.filter((name) => name !== perplexity.name));
  const unadapted = trainableLanguageModel(backbone, compose([], backbone));
  const used = compose(inferenceParts(parts, backbone), backbone);
  const setup = { backbone, adaptation, model, splits, prompts, references, metrics: ofTexts, spec, threads };
  return {
    backbone,
    adaptation,
    splits,
    metrics: lookUpMetrics(generationMetrics, named),
    parameters: model.parameters,
    head: [],
    trainExamples,
    loss: model.loss,
    start: model.start,
    identity: {
      backbone: unadapted.read,
      adapted: model.read,
      output: "scores",
      inputs: backbone.collate(prompts.validation.slice(0, IDENTITY_TEXTS)),
    },
    inference: {
      adapted: [trainableLanguageModel(backbone, used, await storeFrozen(used)).read],
      backbone: [unadapted.read],
    },
    peftConfig: { task_type: target ? "SEQ_2_SEQ_LM" : "CAUSAL_LM", modules_to_save: null },
    majority: { value: null, reason: "the task has no classes" },
    evaluator: (compile) => openEvaluator(setup, compile),
  };
}
