/**
 * Classification by words of the language model.
 * @module
 */
import { compose } from "../../../methods/adaptation/compose.ts";
import type { Backbone } from "../../../models/types.ts";
import { behindBeginning, readBeginning } from "../../programs/shared-beginning.ts";
import { asWordBackbone, wordClassifier } from "../../programs/word-classifier.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import type { Head } from "../heads/types.ts";
import { openWordReader } from "./word-reader.ts";

/** PEFT's kind of task of a masked model, a decoder or an encoder-decoder that answers by words. */
export function peftTaskType({ languageModel }: Pick<Backbone, "languageModel">): string | null {
  if (!languageModel) return null;
  return languageModel.target ? "SEQ_2_SEQ_LM" : "CAUSAL_LM";
}

/**
 * The head of a language model that answers by words.
 * @param labels names of the classes
 * @throws {Error} one sentence, if the model has no language model's head, or cannot read the template or the words
 */
export async function wordHead(opened: Backbone, head: HeadSpec, labels: readonly string[]): Promise<Head> {
  const backbone = asWordBackbone(opened);
  const { words, encode, behind } = await openWordReader(backbone, head);
  const options = { labels, ...head.normalise === "length" && { normalise: head.normalise } };
  const { room, collate } = wordClassifier(backbone, compose([], backbone), words, options);
  return {
    backbone,
    reading: { encode, collate },
    behind,
    ...backbone.languageModel && !backbone.languageModel.target && {
      beginning: {
        adaptation: (length) => behindBeginning(backbone, length),
        read: (ids, compile) => readBeginning(backbone, ids, compile),
      },
    },
    room,
    classifier: (adaptation, frozen) => wordClassifier(backbone, adaptation, words, { ...options, frozen }),
    peftConfig: { task_type: peftTaskType(backbone), modules_to_save: null },
  };
}
