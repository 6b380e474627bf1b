/**
 * Generation: a language model learns to go on with a text by its answer.
 * @module
 */
import type { ArrayValue, Device, Executable, Program } from "../../engine/types.ts";
import { compose } from "../../methods/compose.ts";
import type { Backbone } from "../../models/types.ts";
import { textMetrics } from "../../tasks/text-metrics.ts";
import type { GenerationExample, GenerationTask } from "../../tasks/types.ts";
import { chatPrompt } from "./chat.ts";
import { score } from "./evaluate.ts";
import type { EncodedExamples } from "./examples.ts";
import { generate } from "../programs/decoding.ts";
import { asLanguageModel, trainableLanguageModel } from "../programs/language-model.ts";
import type { Evaluator, TaskContext, TrainingTask } from "./training-task.ts";
import type { Splits } from "./split.ts";

/** What stands between a text and its answer where both are read as one. */
const SEPARATOR = "\n";
/** Texts that are gone on with together. */
const TOGETHER = 16;
/** Texts whose scores are compared with the backbone's before the first step. */
const IDENTITY_TEXTS = 8;

/** Token ids of a text and of an answer that is learnt. */
interface Sequence {
  text: readonly number[];
  answer: readonly number[];
}

/**
 * Sequences of which the answers are learnt: each of a batch's tokens in answers has the same weight. A decoder reads
 * text and answer as one; an encoder-decoder reads the text and writes the answer, with as many places for both.
 */
function encodeSequences(
  backbone: ReturnType<typeof asLanguageModel>,
  sequences: readonly Sequence[],
): EncodedExamples {
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
      // A last text, taken away again, makes the others as long as the answers.
      const filled = backbone.collate([...chosen.map(({ text }) => text), Array(shape[1]).fill(target.start)]);
      const read = Object.entries(filled).map(([name, { data }]) => [name, { data: data.slice(0, size), shape }]);
      return { ...Object.fromEntries(read), target: { data: written, shape } };
    },
    lossInputs(indices, batch): Record<string, ArrayValue> {
      const learnt = batch.reduce((sum, index) => sum + sequences[index].answer.length, 0);
      const shape = [indices.length, longest(indices)];
      const labels = new Int32Array(shape[0] * shape[1]);
      const weights = new Float32Array(shape[0] * shape[1]);
      for (const [row, index] of indices.entries()) {
        const { text, answer } = sequences[index];
        const begin = row * shape[1] + (target ? 0 : text.length);
        labels.set(answer, begin);
        weights.fill(1 / learnt, begin, begin + answer.length);
      }
      return { labels: { data: labels, shape }, weights: { data: weights, shape } };
    },
  };
}

/** Token ids of a text as training puts it before its answer, at most `limit`. */
export function encodePrompt(backbone: Backbone, text: string, limit: number, chat?: true): readonly number[] {
  if (chat) return chatPrompt(backbone, text, limit);
  return backbone.encode(backbone.languageModel!.target ? text : text + SEPARATOR, limit);
}

/** Stands for a device on which these programs are compiled; whoever releases one leaves it for the next. */
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

/**
 * A generation task on a language model with a method. To a decoder, a line break stands between text and answer, unless
 * they are messages in its chat template; a training example is learnt with each of its references. What decides an epoch is the first metric of what is generated.
 * @throws {Error} if the backbone is no language model or has no tokenizer
 */
export function generation(
  task: GenerationTask,
  splits: Splits<GenerationExample>,
  { spec, backbone: opened, parts, threads }: TaskContext,
): TrainingTask {
  const { maxLength, outputLength, chat } = spec.training;
  const backbone = asLanguageModel(opened);
  const adaptation = compose(parts, backbone);
  const model = trainableLanguageModel(backbone, adaptation);
  const { end, target } = backbone.languageModel;
  const tokens = outputLength!;
  const limit = Math.min(maxLength, adaptation.maxLength - (target ? 0 : tokens));
  const prompts = (of: readonly GenerationExample[]) =>
    of.map(({ text }) => [...encodePrompt(backbone, text, limit, chat)]);
  const answer = (text: string) => [...backbone.tokenize!(text), ...end === undefined ? [] : [end]].slice(0, tokens);
  const ofTrain = prompts(splits.train);
  const train = encodeSequences(
    backbone,
    splits.train.flatMap(({ references }, at) =>
      references.map((reference) => ({ text: ofTrain[at], answer: answer(reference) }))
    ),
  );
  const asked = { validation: prompts(splits.validation), test: prompts(splits.test) };
  const taskMetrics = task.metrics.map((name) => textMetrics[name]);
  const untouched = trainableLanguageModel(backbone, compose([], backbone));
  return {
    backbone,
    adaptation,
    splits,
    metrics: taskMetrics,
    parameters: model.parameters,
    head: [],
    train,
    loss: model.loss,
    start: model.start,
    identity: {
      backbone: untouched.read,
      adapted: model.read,
      output: "scores",
      inputs: backbone.collate(asked.validation.slice(0, IDENTITY_TEXTS)),
    },
    peft: { task_type: target ? "SEQ_2_SEQ_LM" : "CAUSAL_LM", modules_to_save: null },
    majority: { value: null, reason: "the task has no classes" },
    async evaluator(compile): Promise<Evaluator> {
      const programs = new Map<Program, Executable>();
      // A step reads every weight for a token of each text: laying the weights out for it saves no time.
      for (const signed of [model.read, model.step]) programs.set(signed.program, await compile(signed, true));
      const goOn = async (texts: number[][], parameters: Record<string, Float32Array>, tokens: number) => {
        const options = { device: reuseExecutables(programs), threads, parameters, tokens, end };
        const grown = await generate(backbone, adaptation, model, texts, options);
        return grown.map((ids, at) => backbone.decode!(target ? ids : ids.slice(texts[at].length)));
      };
      return {
        async load(parameters) {
          await goOn(asked.validation.slice(0, 1), parameters, Math.min(2, tokens));
        },
        async evaluate(split, parameters) {
          const order = [...asked[split].keys()].sort((a, b) =>
            asked[split][a].length - asked[split][b].length || a - b
          );
          const predicted: string[] = [];
          for (let from = 0; from < order.length; from += TOGETHER) {
            const indices = order.slice(from, from + TOGETHER);
            const texts = await goOn(indices.map((index) => asked[split][index]), parameters, tokens);
            indices.forEach((index, at) => predicted[index] = texts[at]);
          }
          return {
            scores: score(taskMetrics, splits[split].map(({ references }) => references), predicted),
            predictions: splits[split].map(({ id, references }, at) => ({ id, references, predicted: predicted[at] })),
          };
        },
        async release() {
          for (const executable of programs.values()) await executable.release();
        },
      };
    },
  };
}
