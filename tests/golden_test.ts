/**
 * Values that transformers and PEFT computed on tiny models (tests/golden/generate.py says how), next to those of this
 * project: forward passes, gradients, steps of AdamW, merged weights, greedy generation. The folder is the one that
 * TUNEBENCH_GOLDEN names, otherwise tests/golden/A and tests/golden/T5A; whatever architectures, cases and sizes it holds are compared.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { methods } from "../methods/mod.ts";
import { architectures } from "../models/mod.ts";
import { folders } from "./golden/files.ts";
import { compareBase, compareCase, compareGeneration } from "./golden/compare.ts";
import { Golden, type GoldenTask } from "./golden/golden.ts";

const given = Deno.env.get("TUNEBENCH_GOLDEN");
const roots = given ? [given] : ["A", "T5A"].map((name) => fileURLToPath(new URL(`golden/${name}`, import.meta.url)));
const peftTypes = new Set(Object.values(methods).flatMap(({ peft }) => peft?.type ?? []));

/** Why a case cannot be compared, or null. */
async function reasonToSkip(root: string, arch: string, task: string, method: string): Promise<string | null> {
  if (!Object.hasOwn(architectures, arch)) return `architecture ${arch}`;
  if (!["cls", "lm", "s2s"].includes(task)) return `task ${task}`;
  for (const part of await folders(`${root}/${arch}/${task}/${method}`)) {
    const config = await Deno.readTextFile(`${root}/${arch}/${task}/${method}/${part}/adapter_config.json`);
    const { peft_type: type } = JSON.parse(config);
    if (!peftTypes.has(type)) return `method ${type}`;
  }
  return null;
}

Deno.test("values are those that transformers and PEFT computed", async (t) => {
  const skipped: Record<string, number> = {};
  let compared = 0;
  for (const root of roots) {
    for (const arch of await folders(root)) {
      for (const task of (await folders(`${root}/${arch}`)).filter((name) => name !== "model")) {
        const cases: string[] = [];
        for (const method of await folders(`${root}/${arch}/${task}`)) {
          const reason = await reasonToSkip(root, arch, task, method);
          if (reason === null) cases.push(method);
          else skipped[reason] = (skipped[reason] ?? 0) + 1;
        }
        if (cases.length === 0) continue;
        const golden = await Golden.open(root, arch, task as GoldenTask);
        await t.step(`${arch}/${task}: the untouched model`, () => compareBase(golden));
        for (const method of cases) {
          if (await t.step(`${arch}/${task}/${method}`, () => compareCase(golden, method))) compared++;
        }
        if (task !== "cls") await t.step(`${arch}: greedy generation`, () => compareGeneration(golden, cases));
      }
    }
  }
  const left = Object.entries(skipped).map(([reason, count]) => `${count} of ${reason}`).join(", ");
  // As a step, so that it is printed under --quiet, too.
  await t.step(`golden: ${compared} cases agree${left && `; not supported: ${left}`}`, () => assert(compared > 0));
});
