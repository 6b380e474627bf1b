import assert from "node:assert/strict";
import { z } from "zod";
import { UsageError } from "../../../base/errors.ts";
import { methods } from "../../../methods/mod.ts";
import { commonOptions } from "../../../methods/shared/options.ts";
import { models } from "../../../models/mod.ts";
import { failureOf } from "../../../runs/plugins/failure.ts";
import { loadPlugins } from "../../../runs/plugins/load.ts";
import { openPlugins } from "../../../runs/plugins/files.ts";
import { taskChecks } from "../../../runs/plugins/check/task.ts";
import { defineMethod, defineModel, defineTask, definitionOf } from "../../../runs/plugins/define.ts";
import { tasks } from "../../../tasks/mod.ts";
import type { ChoiceTask } from "../../../tasks/types.ts";
import { inFolder } from "../../in-folder.ts";

const method = {
  name: "own",
  description: "an example",
  paper: "none: an example",
  options: z.strictObject(commonOptions(1e-2)),
  parameters: () => [],
  trains: () => [],
  count: () => 0,
  identityAtStart: true,
  hooks: () => ({}),
};
const task = {
  name: "own/task",
  version: 1,
  kind: "classification" as const,
  description: "an example",
  labelling: "none",
  licence: "none",
  citation: "none",
  labels: ["no", "yes"],
  metrics: ["accuracy"],
  source: [],
  load: () => Promise.resolve({ pool: [] }),
};

Deno.test("all that is built in keeps the contract of what a plug-in defines", () => {
  for (const one of Object.values(methods)) {
    // A plug-in is there to be trained.
    if (one.untrained) assert.throws(() => defineMethod(one), /there is no key untrained|options must be a zod schema/);
    else assert.equal(definitionOf(defineMethod(one))?.kind, "method");
  }
  for (const { dataset: _, kept: __, ...one } of Object.values(tasks)) {
    assert.equal(definitionOf(defineTask(one))?.kind, "task");
  }
  for (const one of Object.values(models)) assert.equal(definitionOf(defineModel(one))?.kind, "model");
  assert.equal(definitionOf({ ...method }), undefined);
});

Deno.test("a definition that breaks its contract is refused in one sentence that names it and the part", () => {
  const refused: [() => unknown, RegExp][] = [
    [
      () => defineMethod({ ...method, count: 3 as never }),
      /^Cannot define the method own: count must be a function, current value is 3$/,
    ],
    [
      () => defineMethod({ ...method, identityatstart: true } as never),
      /^Cannot define the method own: there is no key identityatstart, the nearest.* identityAtStart$/,
    ],
    [() => defineMethod({ ...method, name: "a+b" }), /^Cannot define the method a\+b: name must be of letters, digits/],
    [
      () => defineMethod({ ...method, options: z.strictObject({ rank: z.number().default(1) }) as never }),
      /^Cannot define the method own: options must be a zod schema with a default for each option/,
    ],
    [
      () => defineMethod({ ...method, options: z.strictObject({ rank: z.number() }) as never }),
      /^Cannot define the method own: options must be a zod schema with a default for each option/,
    ],
    [() => defineMethod(undefined as never), /^Cannot define the method: it must be an object/],
    [() => defineTask({ ...task, labels: ["yes"] }), /^Cannot define the task own\/task: labels must have at least 2/],
    [
      () => defineTask({ ...task, metrics: ["acuracy"] }),
      /^Cannot define the task own\/task: metrics\.0 must be one of/,
    ],
    [() => defineTask({ ...task, kind: "sorting" } as never), /^Cannot define the task own\/task: kind must be/],
    [
      () => defineModel({ ...models["use-lite"], name: "org/name" }),
      /^Cannot define the model org\/name: name must be of letters, digits/,
    ],
    [
      () => defineModel({ ...models["use-lite"], shape: {} as never }),
      /^Cannot define the model use-lite: shape\.weights/,
    ],
  ];
  for (const [define, message] of refused) {
    assert.throws(define, (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError && !error.message.includes("\n");
    });
  }
});

/** The text of a plug-in that defines a method. */
const defining = (name: string) =>
  `import { z } from "zod";
import { commonOptions, defineMethod } from "@tunebench/tunebench/plugin";
export const value = defineMethod({
  name: "${name}", description: "-", paper: "-", options: z.strictObject(commonOptions(1)),
  parameters: () => [], trains: () => [], count: () => 0, identityAtStart: true, hooks: () => ({}),
});
export const again = value;`;

Deno.test("a plug-in is loaded into the tables; one that throws, defines nothing or takes a name is refused with its file", () =>
  inFolder({
    "own.ts": defining("test-own"),
    "namesake.ts": `// Another one.\n${defining("test-own")}`,
    "lora.ts": defining("lora"),
    "nothing.ts": "export const helper = 1;",
    "plain.ts": 'export default { name: "plain" };',
    "throws.ts": 'throw new Error("out of luck");',
    "typo.ts": defining("test-own").replace("trains:", "train:"),
  }, async (folder) => {
    const own = await openPlugins([`${folder}/own.ts`]);
    const [sum] = Object.keys(own);
    try {
      assert.deepEqual((await loadPlugins(own)).map(({ kind, entry }) => [kind, entry.name]), [["method", "test-own"]]);
      assert.equal(methods["test-own"].plugin, sum);
      assert.equal((await loadPlugins(own)).length, 1);
      const cases = {
        "namesake.ts": "its method test-own must have a name of its own, another plug-in's method has this one",
        "lora.ts": "its method lora must have a name of its own, a built-in method has this one",
        "nothing.ts": "it must export what defineMethod, defineTask or defineModel returns, it exports no such thing",
        "plain.ts": "it must export what defineMethod, defineTask or defineModel returns, it exports no such thing",
        "throws.ts": "it must load without an error, out of luck",
        "typo.ts": "the method test-own: trains must be a function, current value is missing",
      };
      for (const [name, rule] of Object.entries(cases)) {
        await assert.rejects(
          async () => await loadPlugins(await openPlugins([`${folder}/${name}`])),
          new UsageError(`Cannot use the plug-in ${folder}/${name}: ${rule}`),
        );
      }
      await Deno.writeTextFile(`${folder}/own.ts`, `${defining("test-own")} `);
      await assert.rejects(loadPlugins(own), /own\.ts: its files must stay as they were, they have changed since$/);
    } finally {
      delete methods["test-own"];
    }
  }));

Deno.test("a failure in a plug-in's code names its file, unless it is a sentence of its own", () => {
  const plugins = { "0": { name: "./own.ts", files: ["/own.ts"] } };
  assert.equal(failureOf("Cannot use own: rank must be even", plugins), "Cannot use own: rank must be even");
  assert.match(
    failureOf("Cannot read properties of null (reading 'x')", plugins),
    /^Cannot use \.\/own\.ts: Cannot read/,
  );
  assert.match(
    failureOf('Requires net access to "example.com:443", run again with the --allow-net flag', plugins),
    /^Cannot use \.\/own\.ts: it must read nothing but what .* it asks for net access to "example\.com:443"$/,
  );
  assert.equal(failureOf("the worker ended", {}), "the worker ended");
});

Deno.test("a task of multiple choice must have a right choice in each row", async () => {
  const quiz = (right: number[]): ChoiceTask => ({
    ...{ name: "quiz", version: 1, description: "a", labelling: "b", licence: "c", citation: "d", source: [] },
    kind: "multiple choice",
    metrics: ["accuracy"],
    load: () => Promise.resolve({ pool: [{ id: "1", text: "a", choices: ["b", "c"], right }] }),
  });
  const answersOf = (right: number[]) =>
    taskChecks(defineTask(quiz(right))).find(([rule]) => rule.startsWith("each has a right answer"))![1]();
  assert.equal(await answersOf([1]), "1 choice");
  for (const wrong of [[2], [], [0.5]]) await assert.rejects(answersOf(wrong), { message: "1 has no right choice" });
});
