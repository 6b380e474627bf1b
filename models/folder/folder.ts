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
import type { Architecture, Design, Model, ReadingModel } from "../types.ts";
import { wordShape } from "../word-shape.ts";
import { findWeights, openWeights, type WeightsWanted } from "./weights.ts";

/** What a folder's config.json says. */
interface ReadDesign {
  /** Its `model_type`. */
  type: string;
  /** The paper of its architecture. */
  citation: string;
  /** The backbone without its weights. */
  shape: Design;
}

/** Reads a folder's config.json. @throws {Error} one sentence, if the model has none of these architectures */
async function readDesign(folder: string, architectures: Record<string, Architecture>): Promise<ReadDesign> {
  const config = await readConfig(folder);
  const type = config.values.model_type as string;
  if (!Object.hasOwn(architectures, type)) {
    throw new Error(
      `Cannot use ${folder}: its architecture must be one of ${
        Object.keys(architectures).join(", ")
      }, or a plug-in's ` +
        `that reads the folder (docs/plugins.md, "A model"), current value is ${shorten(type)}`,
    );
  }
  const { citation, design } = architectures[type];
  return { type, citation, shape: design(config) };
}

/** The weights that a backbone needs. */
function weightsOf(design: Design): WeightsWanted {
  const { prefix, weights, languageModel, maskedLanguageModel } = design;
  const { weights: optional = {}, tied } = languageModel ?? maskedLanguageModel ?? {};
  const read = maskedLanguageModel ? wordShape(design).weights : weights;
  // A masked language model is saved without its pooler.
  const mayLack = Object.keys(weights).filter((name) => !Object.hasOwn(read, name));
  return { prefix, shapes: weights, mayLack, optional, tied };
}

/**
 * Makes sure that a folder's model can be opened, as far as config, headers of the weights and tokenizer tell: the values are
 * not read.
 * @param architectures the architectures by `model_type`
 * @returns the model as far as it reads texts
 * @throws {Error} one sentence, as opening the model and encoding a text would throw
 */
export async function lookAtFolder(
  folder: string,
  architectures: Record<string, Architecture>,
): Promise<ReadingModel> {
  const { shape } = await readDesign(folder, architectures);
  const { matched: stored } = await findWeights(folder, weightsOf(shape));
  const { mask, ...tokenizer } = await openTokenizer(folder, shape.vocabularySize);
  // The library reads the tokenizer when a text is first encoded.
  await tokenizer.tokenize("a");
  return { ...shape, stored, ...tokenizer, ...mask !== undefined && { maskToken: mask } };
}

/**
 * The model of a folder. Weights are read for their checksum only.
 * @param architectures the architectures by `model_type`
 * @throws {Error} one sentence, if a file is missing or the model has none of these architectures
 */
export async function readFolder(folder: string, architectures: Record<string, Architecture>): Promise<Model> {
  const { type, citation, shape } = await readDesign(folder, architectures);
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
    async open({ apart } = {}) {
      const stored = await openWeights(folder, revision, weightsOf(shape));
      // A model without a tokenizer can still compute: only encoding fails.
      let opened: TextTokenizer | undefined;
      if ((await tokenizerFiles(source)).length > 0) opened = await openTokenizer(folder, shape.vocabularySize, apart);
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
        ...opened?.mask !== undefined && { maskToken: opened.mask },
        decode: async (ids) => await tokenizer().decode(ids),
        show: async (ids) => await tokenizer().show(ids),
        ...opened?.release && { release: opened.release },
      };
    },
  };
}
