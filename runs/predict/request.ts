/**
 * Requests: a line for one adapter, encoded as the adapter's training encoded texts.
 * @module
 */
import type { Backbone, Encoding } from "../../models/types.ts";
import { choiceTexts, textsOfChoices } from "../../tasks/templates/choices.ts";
import { microBatches } from "../training/batches.ts";
import { GENERATION_BATCH } from "../training/generation.ts";
import { encodeDialogue, encodePrompt } from "../training/prompt.ts";
import type { LoadedAdapter } from "./load.ts";
import type { NamedAdapter } from "./name-adapters.ts";
import type { AdapterRequest } from "./shared-program.ts";
import type { AnyAnswer, Line } from "./types.ts";

/** Most rows (texts × greatest length) that a classifier computes together. */
const MOST_ROWS = 512;

/** A line for one of the adapters that answer it. */
export interface LineRequest extends AdapterRequest {
  /** The adapter with its name. */
  named: NamedAdapter;
  /** What the answer says besides its result. */
  context: AnyAnswer;
  /** What may be answered: the adapter's labels, or the line's choices. */
  labels: readonly string[];
  /** Where a classifier reads each of the line's choices with its text, these as token ids; `encoded` is the longest. */
  choices?: readonly Encoding[];
  /** Where a language model scores the line's choices, which `encoded` goes on with: the outputs of its row that are their scores. */
  places?: readonly number[];
}

/** The request for an adapter to answer a line. */
export async function makeRequest(
  backbone: Backbone,
  named: NamedAdapter,
  line: Line,
): Promise<LineRequest> {
  const { adapter } = named;
  const { text, pair } = line;
  if (adapter.kind === "multiple choice") return await makeChoiceRequest(backbone, named, line);
  const chat = adapter.promptForm === "chat" ? true : undefined;
  const dialogue = adapter.dialogue && await encodeDialogue(backbone, "that is given", text, adapter.limit, chat);
  const encoded = dialogue?.ids ?? await encode(backbone, adapter, adapter.limit, text, pair);
  const truncated = dialogue ? dialogue.leftOut > 0 : await isTruncated(backbone, adapter, encoded, text, pair);
  return { adapter, encoded, named, context: contextOf(named, line, truncated), labels: adapter.labels };
}

/** What an answer says besides its result. @param truncated whether the line has more tokens than are read */
function contextOf({ name, adapter }: NamedAdapter, { text, pair }: Line, truncated: boolean): AnyAnswer {
  return {
    adapter: name,
    task: adapter.task,
    text,
    ...pair !== undefined && { pair },
    ...truncated && { truncated: true },
  };
}

/** The request to choose, each choice encoded as training encoded it. */
async function makeChoiceRequest(backbone: Backbone, named: NamedAdapter, line: Line): Promise<LineRequest> {
  const { adapter } = named;
  const { choices: labels = [] } = line;
  const { encodeChoices } = adapter.words ?? {};
  if (encodeChoices) {
    const texts = textsOfChoices(line, adapter);
    const encoded = await encodeChoices(texts, adapter.limit);
    const truncated = (await encodeChoices(texts, Infinity)).length > encoded.length;
    return { adapter, encoded, named, context: contextOf(named, line, truncated), labels, places: encoded.ends };
  }
  const texts = choiceTexts({ id: "", ...line }, adapter);
  const choices = await Array.fromAsync(
    texts,
    ({ text, pair }) => encode(backbone, adapter, adapter.limit, text, pair),
  );
  const truncated = await Promise.all(
    texts.map(({ text, pair }, at) => isTruncated(backbone, adapter, choices[at], text, pair)),
  );
  const context = contextOf(named, line, truncated.includes(true));
  const encoded = choices.reduce((longest, each) => each.length > longest.length ? each : longest);
  return { adapter, encoded, named, context, labels, choices };
}

/** A text as the adapter's training read it. */
async function encode(
  backbone: Backbone,
  { kind, promptForm, words }: LoadedAdapter,
  limit: number,
  text: string,
  pair?: string,
): Promise<Encoding> {
  if (words) return await words.reading.encode(text, limit, pair);
  if (kind !== "generation" || !promptForm) return await backbone.encode(text, limit, pair);
  return await encodePrompt(backbone, text, limit, promptForm === "chat" ? true : undefined);
}

/** Whether a text has more tokens than are read. */
async function isTruncated(
  backbone: Backbone,
  adapter: LoadedAdapter,
  { length }: Encoding,
  text: string,
  pair?: string,
): Promise<boolean> {
  const { limit, promptForm, words } = adapter;
  if (words) return (await words.reading.encode(text, Infinity, pair)).length > limit;
  const { maxLength, tokenize, chat } = backbone;
  if (promptForm === "chat") return (await tokenize!(chat!(text))).length > limit;
  if (length < limit) return false;
  if (limit < maxLength) return (await encode(backbone, adapter, limit + 1, text, pair)).length > limit;
  // The model encodes no more than its greatest length, so the tokens are counted without it.
  if (tokenize === undefined) return false;
  let count = (await backbone.encode("", limit, pair && "")).length;
  for (const part of pair === undefined ? [text] : [text, pair]) count += (await tokenize(part)).length;
  return count > limit;
}

/** Indices of the requests that are computed together; batches with the requests that wait longest come first. */
export function requestBatches(requests: readonly LineRequest[]): number[][] {
  const groups = Map.groupBy(requests.keys(), (index) => requests[index].named.batchKey);
  return [...groups.values()].flatMap((indices) => {
    if (requests[indices[0]].adapter.kind !== "generation") {
      const lengths = requests.map(({ encoded }) => encoded.length);
      return microBatches(indices, lengths, MOST_ROWS, (index) => requests[index].choices?.length ?? 1);
    }
    const count = Math.ceil(indices.length / GENERATION_BATCH);
    return Array.from(
      { length: count },
      (_, at) => indices.slice(at * GENERATION_BATCH, (at + 1) * GENERATION_BATCH),
    );
  });
}
