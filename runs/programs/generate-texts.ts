/**
 * Texts that a language model generates for prompts, as the options of a study say.
 * @module
 */
import { Random } from "../../base/random.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { TrainingSpec } from "../study/spec.ts";
import { beamSearch } from "./beam-search.ts";
import { generate } from "./decoding.ts";
import type { KeyValueCacheOptions } from "./kv-cache.ts";
import type { LanguageBackbone, TrainableLanguageModel } from "./language-model.ts";

/** How texts are generated. */
export interface TextOptions
  extends KeyValueCacheOptions, Pick<TrainingSpec, "temperature" | "topP" | "beams" | "stop"> {
  /** Most tokens of a text. */
  tokens: number;
  /** The run's seed: with the prompt's id, sampled texts follow from it. */
  seed: number;
  /** Called with a text, by its place, whenever it has a new token; not with beams. */
  onText?(place: number, text: string): void;
}

/** What a text is generated for. */
export interface TextPrompt {
  /** The example's. */
  id: string;
  /** Its tokens. */
  tokens: readonly number[];
}

/** The text before the first of the strings that it has; all of it where it has none. */
function cutBefore(text: string, stop: readonly string[]): string {
  const places = stop.map((string) => text.indexOf(string)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...places));
}

/**
 * Generates a text for each prompt: by beams, by sampling, or greedily. Beams have the length penalty 1, as transformers has.
 * @param model of `trainableLanguageModel`, made of the backbone and the adaptation
 * @throws {Error} if a prompt and its text would be longer than the model reads
 */
export async function generateTexts(
  backbone: LanguageBackbone,
  adaptation: Adaptation,
  model: TrainableLanguageModel,
  prompts: readonly TextPrompt[],
  { seed, temperature, topP = 1, beams, stop = [], onText, ...common }: TextOptions,
): Promise<string[]> {
  const { end, target } = backbone.languageModel;
  const texts = prompts.map(({ tokens }) => tokens);
  const options = { ...common, end };
  const added = texts.map((): number[] => []);
  const onToken = async (row: number, token: number) => {
    added[row].push(token);
    const text = await backbone.decode!(added[row]);
    const kept = cutBefore(text, stop);
    onText?.(row, kept);
    return kept !== text;
  };
  const sampling = temperature === undefined
    ? undefined
    : { temperature, topP, random: prompts.map(({ id }) => new Random(seed, `text/${id}`)) };
  const generated = beams !== undefined
    ? await beamSearch(backbone, adaptation, model, texts, { ...options, beams, lengthPenalty: 1 })
    : await generate(backbone, adaptation, model, texts, {
      ...options,
      ...sampling && { sampling },
      ...(stop.length > 0 || onText) && { onToken },
    });
  return await Array.fromAsync(generated, async (ids, row) => {
    const ofText = target ? ids : ids.slice(texts[row].length);
    return cutBefore(await backbone.decode!(ofText), stop);
  });
}
