/**
 * Special tokens around a text or a pair of texts: the post-processor of a tokenizer.json. The library has one, too, but
 * it keeps what a limit cuts off, in pieces whose number grows with the product of both texts' lengths.
 * @module
 */
import { z } from "zod";
import { describeFault } from "../../base/schema.ts";

/** Most parts of a template. */
const MOST_PARTS = 256;
/** Most tokens that stand for a special token of a template. */
const MOST_IDS = 64;

/** A part of what is encoded: a text, or special tokens; with its segment. */
export type LayoutPart = { sequence: "A" | "B"; type: number } | { ids: readonly number[]; type: number };

/** The parts around one text, and around a pair. */
export interface Layout {
  /** For one text. */
  single: readonly LayoutPart[];
  /** For a pair. */
  pair: readonly LayoutPart[];
}

const id = z.int().nonnegative();
const sequence = z.object({ id: z.enum(["A", "B"]), type_id: id });
const special = z.object({ id: z.string(), type_id: id });
const piece = z.union([z.object({ Sequence: sequence }), z.object({ SpecialToken: special })], {
  error: "must be a Sequence or a SpecialToken",
});
const pieces = z.array(piece).max(MOST_PARTS);
const named = z.tuple([z.string(), id]);
const template = z.object({
  type: z.literal("TemplateProcessing"),
  single: pieces,
  pair: pieces,
  special_tokens: z.record(z.string(), z.object({ ids: z.array(id).max(MOST_IDS) })),
});
const processor = z.discriminatedUnion("type", [
  template,
  z.object({ type: z.literal("BertProcessing"), sep: named, cls: named }),
  z.object({ type: z.literal("RobertaProcessing"), sep: named, cls: named }),
  z.object({ type: z.literal("ByteLevel") }),
], { error: "must be TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel or a Sequence of these" });
const sequenceOf = z.object({ type: z.literal("Sequence"), processors: z.array(processor).max(MOST_PARTS) });

const A: LayoutPart = { sequence: "A", type: 0 };
const B: LayoutPart = { sequence: "B", type: 1 };
const PLAIN: Layout = { single: [A], pair: [A, B] };

function ofTemplate({ single, pair, special_tokens }: z.infer<typeof template>): Layout {
  const parts = (list: z.infer<typeof pieces>) =>
    list.map((piece): LayoutPart => {
      if ("Sequence" in piece) return { sequence: piece.Sequence.id, type: piece.Sequence.type_id };
      const { id, type_id } = piece.SpecialToken;
      if (!Object.hasOwn(special_tokens, id)) {
        throw new Error(`special_tokens must have every special token of the template, ${id} is missing`);
      }
      return { ids: special_tokens[id].ids, type: type_id };
    });
  const layout = { single: parts(single), pair: parts(pair) };
  const has = (list: readonly LayoutPart[], name: "A" | "B") =>
    list.some((part) => "sequence" in part && part.sequence === name);
  if (has(layout.single, "B")) throw new Error("the template of one text must have $A alone");
  if (!has(layout.pair, "A") || !has(layout.pair, "B")) throw new Error("the template of a pair must have $A and $B");
  return layout;
}

function layoutOf(given: z.infer<typeof processor>): Layout {
  switch (given.type) {
    case "TemplateProcessing":
      return ofTemplate(given);
    case "ByteLevel":
      return PLAIN;
    case "BertProcessing": {
      const [cls, sep] = [given.cls, given.sep].map(([, id]) => (type: number): LayoutPart => ({ ids: [id], type }));
      return { single: [cls(0), A, sep(0)], pair: [cls(0), A, sep(0), B, sep(1)] };
    }
    case "RobertaProcessing": {
      const [cls, sep] = [given.cls, given.sep].map(([, id]): LayoutPart => ({ ids: [id], type: 0 }));
      return { single: [cls, A, sep], pair: [cls, A, sep, sep, { ...B, type: 0 }, sep] };
    }
  }
}

/**
 * The layout of a post-processor.
 * @throws {Error} the end of a sentence, if it is of a kind that is not known, or damaged
 */
export function readLayout(given: unknown): Layout {
  if (given === null || given === undefined) return PLAIN;
  const list = Object(given).type === "Sequence" ? given : { type: "Sequence", processors: [given] };
  const { success, data, error } = sequenceOf.safeParse(list);
  if (!success) throw new Error(`post_processor: ${describeFault(error, list)}`);
  const layouts = data.processors.map(layoutOf);
  const around = layouts.filter((layout) => layout !== PLAIN);
  if (around.length > 1) throw new Error("one part of its post_processor at most may add tokens, there are more");
  return around[0] ?? PLAIN;
}

/** Every id that a layout adds. */
export function addedIds({ single, pair }: Layout): number[] {
  return [...single, ...pair].flatMap((part) => "ids" in part ? part.ids : []);
}
