/**
 * The contract of a task.
 * @module
 */
import { counted, UsageError } from "../../../base/errors.ts";
import { hashTaskFiles } from "../../../tasks/task-files.ts";
import type {
  AnyTask,
  ChoiceExample,
  Example,
  GenerationExample,
  MultiLabelExample,
  RegressionExample,
  TaskData,
  TextInput,
} from "../../../tasks/types.ts";
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
      "each has a right answer, and every label occurs",
      async () => requireAnswers(task, Object.values(await data()).flat()),
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

/** @throws {Error} if an example lacks an answer of its task's kind, or no example has a label that the task names */
function requireAnswers(task: AnyTask, examples: readonly TextInput[]): string {
  switch (task.kind) {
    case "classification":
      return requireLabels(task.labels, (examples as Example[]).map(({ id, label }) => ({ id, labels: [label] })));
    case "multi-label":
      return requireLabels(task.labels, examples as MultiLabelExample[]);
    case "regression": {
      const bare = (examples as RegressionExample[]).find(({ target }) => !Number.isFinite(target));
      expect(bare === undefined, `the target of ${bare?.id} is ${bare?.target}`);
      return counted(examples.length, "number");
    }
    case "multiple choice": {
      const bare = (examples as ChoiceExample[]).find(({ choices, right }) =>
        !Array.isArray(choices) || !Array.isArray(right) || right.length === 0 ||
        !right.every((place) => Number.isInteger(place) && typeof choices[place] === "string")
      );
      expect(bare === undefined, `${bare?.id} has no right choice`);
      return counted(examples.length, "choice");
    }
    case "generation": {
      const bare = (examples as GenerationExample[]).find(({ references }) =>
        !Array.isArray(references) || references.length === 0 || references.some((text) => typeof text !== "string")
      );
      expect(bare === undefined, `${bare?.id} has no references`);
      return counted(examples.length, "text");
    }
  }
}

function requireLabels(
  labels: readonly string[],
  examples: readonly Pick<MultiLabelExample, "id" | "labels">[],
): string {
  const counts = labels.map(() => 0);
  for (const { id, labels: own } of examples) {
    expect(Array.isArray(own), `${id} has no labels`);
    for (const label of own) {
      expect(
        Number.isInteger(label) && Object.hasOwn(counts, label),
        `the label of ${id} is ${label}, of ${labels.length}`,
      );
      counts[label]++;
    }
  }
  const missing = counts.indexOf(0);
  expect(missing < 0, `no row has the label ${labels[missing]}`);
  return labels.map((label, at) => `${label} ${counts[at]}`).join(", ");
}
