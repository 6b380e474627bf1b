/**
 * Classification by words of the language model.
 * @module
 */
import { lookUp, shorten } from "../../../base/errors.ts";
import { devices } from "../../../engine/devices/mod.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import type { Backbone } from "../../../models/types.ts";
import { behindBeginning, readBeginning } from "../../programs/shared-beginning.ts";
import { asWordBackbone, type WordClassifier, wordClassifier } from "../../programs/word-classifier.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import type { Head } from "../heads/types.ts";
import type { TaskContext } from "../training-task.ts";
import type { Demonstration } from "./demonstrations.ts";
import { openWordReader, type WordReader } from "./word-reader.ts";

/**
 * PEFT's kind of task of a decoder, an encoder-decoder or a masked model that answers by words. It has none for masked models: as one of
 * FEATURE_EXTRACTION it puts virtual tokens before texts and gives what the model gives, as one of no kind it would leave them out.
 */
function peftTaskType({ languageModel }: Backbone): string {
  if (!languageModel) return "FEATURE_EXTRACTION";
  return languageModel.target ? "SEQ_2_SEQ_LM" : "CAUSAL_LM";
}

/** Scores of words in a template without texts. */
async function priorsOf(
  { wordScores, collate }: WordClassifier,
  { words, encode }: Pick<WordReader, "words" | "encode">,
  { template }: HeadSpec,
  { spec, threads }: Pick<TaskContext, "spec" | "threads">,
): Promise<number[][]> {
  const encoded = await encode("", spec.training.maxLength, "");
  if (encoded.length === 0) {
    throw new Error(
      `Cannot use head.normalise prior: the template must have words of its own before {answer}, current value is ${
        shorten(JSON.stringify(template))
      }`,
    );
  }
  const device = lookUp("device", devices, spec.device);
  const { precision } = spec;
  const executable = await device.compile(wordScores.program, wordScores.signature, { threads, precision });
  const { scores } = await executable.run({ parameters: {}, inputs: collate([encoded]) });
  await executable.release();
  let at = 0;
  return words.map((ofLabel) => ofLabel.map(() => scores[at++]));
}

/**
 * The head of a language model that answers by words.
 * @param labels names of the classes
 * @param context where the words' priors are computed, and how much is read; left out: of an adapter, which has neither priors nor demonstrations
 * @param demonstrations answered examples that stand before each text
 * @throws {Error} one sentence, if the model has no language model's head, or cannot read the template or the words
 */
export async function wordHead(
  opened: Backbone,
  head: HeadSpec,
  labels: readonly string[],
  context?: Pick<TaskContext, "spec" | "threads">,
  demonstrations: readonly Demonstration[] = [],
): Promise<Head> {
  const backbone = asWordBackbone(opened);
  const reader = await openWordReader(backbone, head);
  const { words } = reader;
  const unadapted = wordClassifier(backbone, compose([], backbone), words, { labels });
  const { branches, room, collate } = unadapted;
  const most = backbone.maxLength - room;
  const encode = context && demonstrations.length > 0
    ? await reader.behind(demonstrations, Math.min(context.spec.training.maxLength, most), most)
    : reader.encode;
  const options = {
    labels,
    template: reader.frame,
    ...head.normalise === "length" && { normalise: head.normalise },
    ...context && head.normalise === "prior" && {
      priors: await priorsOf(unadapted, { words, encode }, head, context),
    },
  };
  return {
    backbone,
    reading: { encode, collate },
    ...backbone.languageModel && !backbone.languageModel.target && {
      beginning: {
        adaptation: (length) => behindBeginning(backbone, length),
        read: (ids, compile) => readBeginning(backbone, ids, compile),
      },
    },
    branches,
    room,
    classifier: (adaptation, frozen) => wordClassifier(backbone, adaptation, words, { ...options, frozen }),
    peftConfig: { task_type: peftTaskType(backbone), modules_to_save: null },
  };
}
