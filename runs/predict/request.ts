/**
 * Requests: a line for one adapter, encoded as the adapter's training encoded texts.
 * @module
 */
import type { Backbone, Encoding } from "../../models/types.ts";
import { microBatches } from "../training/batches.ts";
import { GENERATION_BATCH } from "../training/generation.ts";
import { encodePrompt } from "../training/prompt.ts";
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
}

/** The request for an adapter to answer a line. */
export function makeRequest(backbone: Backbone, named: NamedAdapter, { text, pair }: Line): LineRequest {
  const { name, adapter } = named;
  const encoded = encode(backbone, adapter, adapter.limit, text, pair);
  const context = {
    adapter: name,
    task: adapter.task,
    text,
    ...pair !== undefined && { pair },
    ...isTruncated(backbone, adapter, encoded, text, pair) && { truncated: true as const },
  };
  return { adapter, encoded, named, context };
}

/** A text as the adapter's training read it. */
function encode(
  backbone: Backbone,
  { kind, promptForm }: LoadedAdapter,
  limit: number,
  text: string,
  pair?: string,
): Encoding {
  if (kind === "classification" || !promptForm) return backbone.encode(text, limit, pair);
  return encodePrompt(backbone, text, limit, promptForm === "chat" ? true : undefined);
}

/** Whether a text has more tokens than are read. */
function isTruncated(
  backbone: Backbone,
  adapter: LoadedAdapter,
  { length }: Encoding,
  text: string,
  pair?: string,
): boolean {
  const { limit, promptForm } = adapter;
  const { maxLength, tokenize, chat } = backbone;
  if (promptForm === "chat") return tokenize!(chat!(text)).length > limit;
  if (length < limit) return false;
  if (limit < maxLength) return encode(backbone, adapter, limit + 1, text, pair).length > limit;
  // The model encodes no more than its greatest length, so the tokens are counted without it.
  const special = backbone.encode("", limit, pair && "").length;
  const parts = pair === undefined ? [text] : [text, pair];
  return tokenize !== undefined && parts.reduce((sum, part) => sum + tokenize(part).length, special) > limit;
}

/** Indices of the requests that are computed together; batches with the requests that wait longest come first. */
export function requestBatches(requests: readonly LineRequest[]): number[][] {
  const groups = Map.groupBy(requests.keys(), (index) => requests[index].named.batchKey);
  return [...groups.values()].flatMap((indices) => {
    if (requests[indices[0]].adapter.kind === "classification") {
      return microBatches(indices, requests.map(({ encoded }) => encoded.length), MOST_ROWS);
    }
    const count = Math.ceil(indices.length / GENERATION_BATCH);
    return Array.from(
      { length: count },
      (_, at) => indices.slice(at * GENERATION_BATCH, (at + 1) * GENERATION_BATCH),
    );
  });
}
