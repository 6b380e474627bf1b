/**
 * A task of multiple choice for a tiny decoder with a token for each character.
 * @module
 */
import { presets } from "../../../../runs/study/presets.ts";
import type { Study } from "../../../../runs/study/study.ts";
import type { Description } from "../../../../tasks/described/description.ts";
import { tinyWordModel } from "./tiny-words.ts";

/** The folder of a tiny decoder. */
export const choiceModel: string = await tinyWordModel("gpt2");
/** Questions with two or three choices. */
export const questions: { text: string; gap: string; options: string[]; right: string[] }[] = Array.from(
  { length: 60 },
  (_, at) => {
    const options = ["so good", "too bad", ...at % 3 ? [] : ["so bad"]];
    return { text: `day ${at}`, gap: "it was _ then", options, right: options.slice(at % 2 ? 0 : 1, at % 2 ? 1 : 2) };
  },
);
/** The same as a file. */
export const choiceFiles: Record<string, string> = {
  "questions.jsonl": questions.map((row) => JSON.stringify(row)).join("\n"),
};

/** A study of the questions. @param data their folder */
export function choiceStudy(data: string, methods: Study["methods"], changes: Partial<Description> = {}): Study {
  const task: Description = {
    data: `${data}/questions.jsonl`,
    kind: "multiple choice",
    columns: { text: "text", pair: "gap", choices: "options", references: "right" },
    placeholder: "_",
    templates: ["{text}: {answer}", "{text}? {answer}"],
    ...changes,
  };
  return {
    ...presets.smoke.study,
    models: [choiceModel],
    tasks: [task],
    methods,
    head: "language-model",
    data: { train: 24, validation: 8, test: 20 },
    training: { epochs: 2, batchSize: 8 },
  };
}
