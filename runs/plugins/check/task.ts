/**
 * The contract of a task.
 * @module
 */
import { counted, UsageError } from "../../../base/errors.ts";
import { hashTaskFiles } from "../../../tasks/task-files.ts";
import type { AnyTask, TaskData, TextInput } from "../../../tasks/types.ts";
import { fittingSizes, splitExamples } from "../../training/split.ts";
import { expect, type Rule } from "./types.ts";

/** The rules of a task. @param folder of the files that it asks for */
export function taskChecks(task: AnyTask, folder?: string): Rule[] {
  let loaded: Promise<TaskData<TextInput>> | undefined;
  const load = async () => await task.load(await filesOf(task, folder));
  const data = () => loaded ??= load();
  return [
    ["its rows are read, the same each time", async () => {
      const splits = Object.entries(await data());
      expect(splits.length > 0, "it has neither a pool nor splits");
      expect(JSON.stringify(await data()) === JSON.stringify(await load()), "they differ from time to time");
      return splits.map(([split, examples]) => `${split} ${examples.length}`).join(", ");
    }],
    ["each has a text and an id of its own", async () => {
      for (const [split, examples] of Object.entries(await data())) {
        const empty = examples.findIndex(({ text }: TextInput) => typeof text !== "string" || text.trim() === "");
        expect(empty < 0, `the text of ${split}[${empty}] is empty`);
        const ids = examples.map(({ id }: TextInput) => id);
        const twice = ids.find((id: string, at: number) => ids.indexOf(id) !== at);
        expect(twice === undefined, `${split} has the id ${twice} twice`);
      }
      return "none is empty";
    }],
    [
      task.kind === "classification" ? "each label is one that it names, and all occur" : "each has a right answer",
      async () => {
        const examples = Object.values(await data()).flat();
        return task.kind === "classification" ? requireLabels(task.labels, examples) : requireReferences(examples);
      },
    ],
    ["a seed splits them", async () => {
      const all = await data();
      const sizes = fittingSizes(all);
      expect(sizes !== undefined, "there are too few to train, to validate and to test");
      splitExamples(all, { train: sizes[0], validation: sizes[1], test: sizes[2] }, 0);
      return `at most --data ${sizes.join(",")}`;
    }],
    ["it states licence and citation", () => Promise.resolve(`${task.licence}; ${task.citation}`)],
  ];
}

async function filesOf({ name, files }: AnyTask, folder?: string) {
  if (!files) return undefined;
  if (folder !== undefined) return await hashTaskFiles(folder, files);
  throw new UsageError(`--task-files must name the folder of ${files.join(" and ")}, which ${name} reads`);
}

function requireLabels(labels: readonly string[], examples: readonly TextInput[]): string {
  const counts = labels.map(() => 0);
  for (const { id, label } of examples as readonly (TextInput & { label?: unknown })[]) {
    expect(
      Number.isInteger(label) && Object.hasOwn(counts, label as number),
      `the label of ${id} is ${label}, of ${labels.length}`,
    );
    counts[label as number]++;
  }
  const missing = counts.indexOf(0);
  expect(missing < 0, `no row has the label ${labels[missing]}`);
  return labels.map((label, at) => `${label} ${counts[at]}`).join(", ");
}

function requireReferences(examples: readonly TextInput[]): string {
  const bare = (examples as readonly (TextInput & { references?: readonly unknown[] })[]).find(({ references }) =>
    !references || references.length === 0 || references.some((text) => typeof text !== "string")
  );
  expect(bare === undefined, `${bare?.id} has none`);
  return counted(examples.length, "text");
}
