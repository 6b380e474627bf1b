/**
 * Records whose texts try to break formats.
 * @module
 */
import type { RunRecord } from "../../../runs/study/record.ts";
import { runId, settingId } from "../../../runs/study/spec.ts";
import { makeRecord } from "../record-factory.ts";

/** Texts that mean something to BibTeX, LaTeX, YAML, JSON, HTML, a shell, a terminal, or to the order of writing. */
export const HOSTILE: readonly string[] = [
  "}",
  "{{{",
  "\\",
  "\\}",
  "%\n@misc{x,",
  'a "quoted" name',
  "#$&_^~",
  "- key: value\n: [",
  "*anchor &x !!js/function",
  "'single' \u2028 \u2029",
  "\u0000\u0007\u001b[31m",
  "\u202Eright to left\u2066",
  "שלום עולם",
  "名前",
  "\ud800 half",
  "<script>alert(1)</script>",
  "$(rm -rf ~) `id`",
  "../../etc/passwd",
  "a and b, Jr. and others",
  "null",
  "x".repeat(10_000),
  "",
];

/** A record with a hostile text in every field that a text may stand in. */
export function hostileRecord(text: string): RunRecord {
  return makeRecord({
    change: (record) => {
      const { spec, task, model, environment, metrics, scores, curve } = record;
      spec.model.name = text;
      spec.model.revision = text;
      spec.task.name = text;
      spec.method[0].name = text;
      Object.assign(task, { licence: text, citation: text, labelling: text, source: [{ path: text, sha256: "ab" }] });
      Object.assign(model, { licence: text, citation: `${text} and Other (2020), ${text}, https://x.org/${text}` });
      metrics.push({ name: text, unit: "fraction", direction: "higher" });
      for (const part of [...Object.values(scores), ...curve.validation]) Object.assign(part, { [text]: 0.5 });
      environment.suite.version = text;
      environment.suite.commit = text;
      environment.processor = text;
      record.id = runId(spec);
      record.setting = settingId(spec);
    },
  });
}
