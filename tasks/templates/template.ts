/**
 * Templates: how a text becomes one that a language model completes with a word for its label.
 * Schick and Schütze (2021), Exploiting Cloze Questions for Few-Shot Text Classification, calls them patterns.
 * @module
 */
import { nearest, shorten } from "../../base/errors.ts";
import type { TextInput } from "../types.ts";

/** What a template may name. */
const FIELDS = ["text", "pair", "label list", "answer"] as const;

/** A place in a template: a text of the example, or the words of all labels. */
export interface Field {
  /** Which one. */
  field: "text" | "pair" | "label list";
}

/** A part of a template: letters, or a field. */
export type TemplatePart = string | Field;

/** A template in its parts. */
export interface Template {
  /** As it is written: "{text} It was {answer}." */
  source: string;
  /** What stands before the answer, without a last space. */
  before: readonly TemplatePart[];
  /** The space before the answer, or nothing: it belongs to the word that answers. */
  space: " " | "";
  /** What stands behind the answer. */
  after: readonly TemplatePart[];
}

/** Whether a part is this field. */
function isField(part: TemplatePart, field: Field["field"]): boolean {
  return typeof part !== "string" && part.field === field;
}

/** @throws {Error} always: one sentence on a template */
function refuse(source: string, rule: string): never {
  throw new Error(`Cannot use the template ${shorten(JSON.stringify(source))}: ${rule}`);
}

/** Letters and fields in turn. */
function partsOf(source: string): (string | { field: typeof FIELDS[number] })[] {
  return source.split(/(\{[^{}]*\})/).filter((part) => part !== "").map((part) => {
    if (!/^\{.*\}$/s.test(part)) {
      const brace = /[{}]/.exec(part)?.[0];
      if (brace) refuse(source, `braces must stand around a field, one ${brace} stands alone`);
      return part;
    }
    const name = part.slice(1, -1);
    const field = FIELDS.find((known) => known === name);
    if (field) return { field };
    refuse(
      source,
      `fields must be ${FIELDS.map((known) => `{${known}}`).join(", ")}, current value is ${shorten(part)}, ` +
        `the nearest is {${nearest(name, FIELDS)}}`,
    );
  });
}

/** Parts without a space at their end. @returns them, and whether there was one */
function withoutSpace(parts: readonly TemplatePart[]): Pick<Template, "before" | "space"> {
  const last = parts.at(-1);
  if (typeof last !== "string" || !last.endsWith(" ")) return { before: parts, space: "" };
  const rest = last.slice(0, -1);
  return { before: [...parts.slice(0, -1), ...rest === "" ? [] : [rest]], space: " " };
}

/**
 * Reads a template: text with `{text}`, one `{answer}`, and perhaps `{pair}` and `{label list}`.
 * @throws {Error} one sentence, if it has a field of another name, no `{text}`, or no or several `{answer}`
 */
export function parseTemplate(source: string): Template {
  const parts = partsOf(source);
  const answers = parts.flatMap((part, at) => typeof part !== "string" && part.field === "answer" ? [at] : []);
  if (answers.length !== 1) refuse(source, `it must have one {answer}, it has ${answers.length || "none"}`);
  const others = parts as TemplatePart[];
  if (!others.some((part) => isField(part, "text"))) refuse(source, "it must have {text}, it has none");
  return { source, ...withoutSpace(others.slice(0, answers[0])), after: others.slice(answers[0] + 1) };
}

/** Whether a template names the second text of a pair. */
export function isOfPairs({ before, after }: Template): boolean {
  return [...before, ...after].some((part) => isField(part, "pair"));
}

/** Whether all of an example's texts stand before the answer, as a model must have it that writes from left to right. */
export function isReadFirst({ after }: Template): boolean {
  return !after.some((part) => isField(part, "text") || isField(part, "pair"));
}

/** The parts of a template with an example's texts, without white space around them, and the labels' words in their places. */
export function fillIn(
  parts: readonly TemplatePart[],
  { text, pair = "" }: Pick<TextInput, "text" | "pair">,
  labelList: string,
): string {
  const values = { text: text.trim(), pair: pair.trim(), "label list": labelList };
  return parts.map((part) => typeof part === "string" ? part : values[part.field]).join("");
}

/** Words as `{label list}` names them: "negative or positive", "entailment, neutral or contradiction". */
export function listOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
