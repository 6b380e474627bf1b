/**
 * Texts that break what does not guard against them, and records that hold them wherever a record can hold a text.
 * @module
 */
import type { RunRecord } from "../../runs/study/record.ts";
import { makeRecord } from "./record-factory.ts";

/** Texts of HTML, of scripts, of control characters, of other directions and widths, empty and long ones. */
export const hostile: readonly string[] = [
  "<script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "]]><svg onload=alert(1)>",
  `"><img src=x onerror=alert(1)>`,
  "' onmouseover='alert(1)",
  "javascript:alert(1)",
  "&lt;b&gt; &amp;amp; &#x3c;",
  "</style></title></desc></table><td>",
  "$& $1 $` $' ${x} {{x}}",
  "\u0000\u0007\u001b[31m\u009bred\r\n\ttab",
  "\u202eright to left\u202c \u2066isolate",
  "\u2028line\u2029paragraph",
  "\uFFFE\uFFFF\ud800 lone",
  "عربي עברית",
  "漢字仮名交じり文",
  "__proto__",
  "constructor",
  "",
  "x".repeat(10_000),
  "<b>".repeat(3_000),
];

/** Runs of three methods and two seeds whose names, options, metrics, labels, checks, ids and sources hold the text. */
export function hostileRecords(text: string): RunRecord[] {
  return ["a", "b", "c"].flatMap((method, index) =>
    [0, 1].map((seed) =>
      makeRecord({
        method: `${text.replaceAll("+", "")}${method}`,
        task: text,
        model: text,
        seed,
        accuracy: 0.7 + 0.05 * index + 0.01 * seed,
        options: { [text]: text, learningRate: 0.1 },
        change: (record) => {
          record.metrics.push({ name: `${text} metric`, unit: "fraction", direction: "higher" });
          for (const scores of [record.scores.validation, record.scores.test, ...record.curve.validation]) {
            scores[`${text} metric`] = 0.5;
          }
          (record.scores.majority as Record<string, number>)[`${text} metric`] = 0.5;
          record.predictions.forEach((prediction, at) => prediction.id = `${text}${at}`);
          record.task.labels = [text, `${text}2`];
          Object.assign(record.task, { labelling: text, licence: text, citation: text });
          record.task.source = [{ path: text, sha256: text }];
          Object.assign(record.model, { sha256: text, licence: text, citation: text });
          record.memory.peak = { value: null, reason: text };
          record.checks.integrity = [{ name: text, detail: text }];
          record.checks.flags = [{ name: text, raised: true, detail: text }];
          record.environment.versions = { [text]: text };
          Object.assign(record.environment, { os: text, arch: text, processor: text, started: text });
        },
      })
    )
  );
}
