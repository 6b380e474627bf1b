/**
 * Multiple choice by the language model: which choice it would most likely go on with.
 * @module
 */
import { shorten } from "../../../base/errors.ts";
import type { Backbone, Encoding, ReadingModel } from "../../../models/types.ts";
import type { ChoiceTexts } from "../../../tasks/templates/choices.ts";
import { fillIn, listOf, parseTemplate } from "../../../tasks/templates/template.ts";
import { choiceClassifier, collateTrees } from "../../programs/choice-classifier.ts";
import { type ChoiceEncoding, choiceTree } from "../../programs/choice-tree.ts";
import { asLanguageModel } from "../../programs/language-model.ts";
import type { HeadSpec } from "../../study/words/head.ts";
import type { Head } from "../heads/types.ts";
import { cutTexts } from "./cut-texts.ts";
import { answerTokenizer, END_OF_TEXT, requirePair, specialTokens, tokenizeBehind } from "./word-reader.ts";

/** A template for one model. */
interface ChoiceReader {
  /** Token ids of what the model reads of the template besides texts. */
  frame: readonly number[];
  /** As {@linkcode Head} has it. */
  encodeChoices(texts: ChoiceTexts, limit: number): Promise<ChoiceEncoding>;
}

/** @throws {Error} if the model has no tokenizer */
async function openChoiceReader(reading: ReadingModel, head: HeadSpec): Promise<ChoiceReader> {
  const { tokenize, decode } = reading;
  if (!tokenize || !decode) {
    throw new Error("Cannot put texts into a template: the model must have a tokenizer, it has none");
  }
  const model = { ...reading, tokenize, decode };
  const template = parseTemplate(head.template);
  const [begin, end] = await specialTokens(model);
  const none = { text: "", pair: "" };
  return {
    frame: await tokenizeBehind(tokenize, END_OF_TEXT, fillIn(template.before, none, "")),
    async encodeChoices({ text, pair, choices, answers }, limit) {
      requirePair(template, pair);
      const list = listOf(choices);
      const tokensOf = await answerTokenizer(model, template, list, ["the text", "as a choice"]);
      const ofAnswers = await Array.fromAsync(answers, (answer) => tokensOf(answer.trim()));
      const longest = Math.max(...ofAnswers.map(({ length }) => length));
      const refuse = (taken: number): never => {
        throw new Error(
          `Cannot use the template ${
            shorten(JSON.stringify(head.template))
          }: it must leave room for a text and its choices within ` +
            `${limit} tokens, with the longest choice it takes ${taken + longest}`,
        );
      };
      if (longest >= limit) refuse(0);
      const read = await cutTexts(
        model,
        pair === undefined ? [text] : [text, pair],
        limit - longest,
        async ([text, pair]) => [...begin, ...await tokenize(fillIn(template.before, { text, pair }, list)), ...end],
        refuse,
      );
      return choiceTree(read, ofAnswers);
    },
  };
}

/**
 * The head of a decoder that chooses.
 * @throws {Error} one sentence, if the model is no decoder or has no tokenizer
 */
export async function choiceHead(opened: Backbone, head: HeadSpec): Promise<Head> {
  const backbone = asLanguageModel(opened);
  const { frame, encodeChoices } = await openChoiceReader(backbone, head);
  const options = { labels: [], template: frame, ...head.normalise === "length" && { normalise: head.normalise } };
  return {
    backbone,
    reading: {
      encode: backbone.encode,
      collate: (encoded: readonly Encoding[]) => collateTrees(backbone, encoded as readonly ChoiceEncoding[]),
    },
    encodeChoices,
    branches: 0,
    room: 0,
    classifier: (adaptation, frozen) => choiceClassifier(backbone, adaptation, { ...options, frozen }),
    peftConfig: { task_type: "CAUSAL_LM", modules_to_save: null },
  };
}
