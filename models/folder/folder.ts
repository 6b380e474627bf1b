/**
 * Models in folders as transformers saves them.
 * @module
 */
import { basename, resolve } from "node:path";
import { shorten } from "../../base/errors.ts";
import { sha256File } from "../../base/files.ts";
import { readConfig } from "../config.ts";
import { filesIn } from "../file-source.ts";
import { identify, modelFiles } from "./model-files.ts";
import { readCard } from "./model-card.ts";
import { openTokenizer, type TextTokenizer, tokenizerFiles } from "../tokenizers/tokenizer.ts";
import type { Architecture, Model } from "../types.ts";
import { openWeights } from "./weights.ts";

/**
 * The model of a folder. Weights are read for their checksum only.
 * @param architectures the architectures by `model_type`
 * @throws {Error} one sentence, if a file is missing or the model has none of these architectures
 */
export async function readFolder(folder: string, architectures: Record<string, Architecture>): Promise<Model> {
  const config = await readConfig(folder);
  const type = config.values.model_type as string;
  if (!Object.hasOwn(architectures, type)) {
    throw new Error(
      `Cannot use ${folder}: its architecture must be one of ${Object.keys(architectures).join(", ")}, ` +
        `current value is ${shorten(type)}`,
    );
  }
  const { citation, design } = architectures[type];
  const shape = design(config);
  const source = filesIn(folder);
  const card = await readCard(folder);
  const revision = await identify(await modelFiles(source), (name) => sha256File(`${folder}/${name}`));
  return {
    name: basename(resolve(folder)),
    description: `${type} from a folder`,
    revision,
    licence: card.licence ?? "unknown",
    citation: card.citation ?? `none in its model card; architecture: ${citation}`,
    shape,
    folder: resolve(folder),
    async open() {
      const { prefix, weights, vocabularySize, languageModel } = shape;
      const { weights: optional = {}, tied } = languageModel ?? {};
      const stored = await openWeights(folder, revision, { prefix, shapes: weights, optional, tied });
      // A model without a tokenizer can still compute: only encoding fails.
      let opened: TextTokenizer | undefined;
      if ((await tokenizerFiles(source)).length > 0) opened = await openTokenizer(folder, vocabularySize);
      const tokenizer = () => {
        if (opened) return opened;
        throw new Error(`Cannot encode a text: ${folder} has no tokenizer`);
      };
      return {
        ...shape,
        stored,
        sha256: revision,
        encode: async (text, limit, pair) => await tokenizer().encode(text, Math.min(limit, shape.maxLength), pair),
        tokenize: async (text) => await tokenizer().tokenize(text),
        ...opened?.chat && { chat: opened.chat },
        decode: async (ids) => await tokenizer().decode(ids),
      };
    },
  };
}
