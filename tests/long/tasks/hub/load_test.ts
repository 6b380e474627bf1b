/** Every description is loaded from a hub on this machine: with a few rows in the data set's layout, some with all their rows. */
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { exists } from "../../../../base/files.ts";
import { openOnHub } from "../../../../runs/study/find-task.ts";
import { openDescribed } from "../../../../tasks/described/described.ts";
import { datasetOf } from "../../../../tasks/described/hub-files.ts";
import { dataOf } from "../../../../tasks/described/read.ts";
import { hubDescriptions } from "../../../../tasks/hub/mod.ts";
import { withHub } from "../../../models/hub/fixture.ts";
import { commitOf, type HubFiles, type LocalHub } from "../../../models/hub/server.ts";
import { type ColumnKind, layouts } from "../../../tasks/hub/layouts.ts";

/** The elements of a Parquet schema for a column: of a list or a record those of its parts, too. */
function elementsOf(name: string, sample: unknown): SchemaElement[] {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  if (Array.isArray(sample)) {
    return [
      { ...optional, num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...elementsOf("element", sample[0]),
    ];
  }
  if (typeof sample === "object" && sample !== null) {
    const entries = Object.entries(sample);
    return [
      { ...optional, num_children: entries.length },
      ...entries.flatMap(([key, value]) => elementsOf(key, value)),
    ];
  }
  if (typeof sample === "bigint") return [{ ...optional, type: "INT64" }];
  if (typeof sample === "number") return [{ ...optional, type: Number.isInteger(sample) ? "INT32" : "FLOAT" }];
  if (typeof sample === "boolean") return [{ ...optional, type: "BOOLEAN" }];
  return [{ ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" }];
}

/** Puts the splits of a description's data set on the hub, each as the rows of its layout. */
function publish(hub: LocalHub, name: string, columnsOf: (split: string) => Record<string, unknown[]>): void {
  const { name: repository, config, splits } = datasetOf(hubDescriptions[name])!;
  const files: HubFiles = Object.fromEntries(splits.map((split) => {
    const columnData = Object.entries(columnsOf(split)).map(([name, data]) => ({ name, data }));
    const schema = [
      { name: "root", num_children: columnData.length },
      ...columnData.flatMap(({ name, data: [sample] }) => elementsOf(name, sample)),
    ];
    return [`${config}/${split}/0000.parquet`, new Uint8Array(parquetWriteBuffer({ columnData, schema }))];
  }));
  hub.repositories[`datasets/${repository}`] = {
    refs: { "refs/convert/parquet": commitOf(name) },
    commits: { [commitOf(name)]: files },
  };
}

/** Two values of each class, or as many others. */
function valuesOf(kind: ColumnKind, column: string, split: string, count: number): unknown[] {
  const numbers = Array.from({ length: count }, (_, at) => at);
  if (kind === "text") return numbers.map((at) => `${column} ${at} of ${split}`);
  if (kind === "gapped") return numbers.map((at) => `@placeholder is ${column} ${at} of ${split}`);
  if (kind === "int") return numbers;
  if (kind === "float") return numbers.map((at) => at + 0.25);
  if (kind === "bool") return numbers.map((at) => at % 2 === 0);
  if (kind === "texts") return numbers.map((at) => [`${column} ${at}`, `of ${split}`]);
  if (kind === "ints") return numbers.map((at) => [BigInt(at), 0n]);
  if (kind === "lists") return numbers.map((at) => [["Mars Hill", "JOINED", String(at)], ["Mars Hill", "IN", split]]);
  if (kind === "acts") return numbers.map((at) => [{ act: 2n, slot: "song", values: [`${at}`, split] }]);
  if (Array.isArray(kind)) return numbers.map((at) => BigInt(at % kind.length));
  const { texts } = kind as { texts: string[] };
  return numbers.map((at) => texts[at % texts.length]);
}

/** Examples whose texts are made of lists and records. */
const texts: Record<string, object> = {
  webnlg: { id: "test/2", text: "input 1 | of test", references: ["target 1 of test", "references 1", "of test"] },
  dart: {
    id: "test/2",
    text: "Mars Hill : JOINED : 1 | Mars Hill : IN : test",
    references: ["target 1 of test", "references 1", "of test"],
  },
  sgd: {
    id: "test/2",
    text: "2 : song : 1 : test\nprompt 1 of test",
    references: ["target 1 of test", "references 1", "of test"],
    group: "dialog_id 1 of test",
  },
  "superglue/copa": {
    id: "validation/4",
    text: "premise 3 of validation What was the effect of this?",
    choices: ["choice1 3 of validation", "choice2 3 of validation"],
    right: [1],
  },
  "superglue/record": {
    id: "validation/2",
    text: "passage 1 of validation",
    pair: "@placeholder is query 1 of validation",
    choices: ["entities 1", "of validation"],
    right: [1],
    group: "passage 1 of validation",
  },
  "daily-dialog": { id: "test/2/2", text: "dialog 1", references: ["of test"], group: "test/2" },
};

Deno.test("every description of a data set on the hub is loaded with rows of its layout", () =>
  withHub(async (hub) => {
    let loaded = 0;
    for (const [name, description] of Object.entries(hubDescriptions)) {
      const layout = layouts[name];
      const classes = Object.values(description.labels ?? {}).length || 1;
      const count = 4 * classes;
      publish(hub, name, (split) =>
        Object.fromEntries(
          Object.entries(layout).map(([column, kind]) => [column, valuesOf(kind, column, split, count)]),
        ));
      const { opened: { task, read } } = await openOnHub(description, { say: undefined });
      const { train, validation, test } = dataOf(read);
      const half = description.splits!.validation === description.splits!.test ? count / 2 : count;
      assert.deepEqual([train!.length, test!.length], [count, half], name);
      assert.equal(validation?.length, description.splits!.validation && half, name);
      assert.equal(new Set(test!.map(({ label }) => label)).size, classes, name);
      if (description.kind === "generation") assert.ok(test!.every(({ references }) => references!.length > 0), name);
      if (Object.hasOwn(texts, name)) assert.deepEqual(test![1], texts[name]);
      assert.equal(task.dataset!.revision, commitOf(name));
      loaded++;
    }
    assert.equal(loaded, 47);
  }));

const folder = new URL("../../../../../shared/data/", import.meta.url);
const linesOf = async (path: string, encoding = "utf-8") =>
  new TextDecoder(encoding).decode(await Deno.readFile(new URL(path, folder))).replace(/\n$/, "").split("\n");
/** The columns of a file of tab-separated values. */
const columnsIn = async (path: string, skip: number) => {
  const rows = (await linesOf(path)).slice(skip).map((line) => line.split("\t"));
  return rows[0].map((_, at) => rows.map((row) => row[at]));
};
const numbered = (names: string[], values: string[]) => values.map((value) => BigInt(names.indexOf(value)));
const questions = async (split: string) => {
  const rows = (await linesOf(`trec/TREC.${split}`, "windows-1252")).map((line) => /^((\w+):\w+) (.*)$/.exec(line)!);
  const { coarse_label, fine_label } = layouts["trec-6"] as Record<string, string[]>;
  return {
    text: rows.map(([, , , text]) => text),
    coarse_label: numbered(coarse_label, rows.map(([, , coarse]) => coarse)),
    fine_label: numbered(fine_label, rows.map(([, fine]) => fine)),
  };
};

/** The columns of a split from the files of the benchmarks, and the published numbers of each class in train, and in the others together. */
const real: Record<
  string,
  [columns: (split: string) => Promise<Record<string, unknown[]>>, train: number[], others: number[]]
> = {
  "glue/sst2": [
    async (split) => {
      const [sentence, label] = await columnsIn(`sst2/${split === "train" ? "train" : "dev"}.tsv`, 1);
      return { sentence, label: label.map(BigInt) };
    },
    [29780, 37569],
    [428, 444],
  ],
  "glue/cola": [
    async (split) => {
      const [, label, , sentence] = await columnsIn(`cola/${split === "train" ? "train" : "dev"}.tsv`, 0);
      return { sentence, label: label.map(BigInt) };
    },
    [2528, 6023],
    [322, 721],
  ],
  "glue/rte": [
    async (split) => {
      const [, sentence1, sentence2, label] = await columnsIn(`rte/${split === "train" ? "train" : "dev"}.tsv`, 1);
      return { sentence1, sentence2, label: numbered(["entailment", "not_entailment"], label) };
    },
    [1249, 1241],
    [146, 131],
  ],
  "trec-6": [questions, [86, 1250, 1162, 1223, 835, 896], [9, 94, 138, 65, 81, 113]],
  "trec-50": [questions, [], []],
  "e2e-nlg": [
    async (split) => {
      const file = { train: "trainset", validation: "devset", test: "testset_w_refs" }[split];
      const rows: string[][] = parse((await linesOf(`e2e/${file}.csv`)).join("\n"), { relax_quotes: true, from: 2 });
      return {
        meaning_representation: rows.map(([meaning]) => meaning),
        human_reference: rows.map(([, text]) => text),
      };
    },
    [],
    [],
  ],
};

const absent = await exists(new URL("README.md", folder).pathname)
  ? undefined
  : "shared/data beside the repository has the files of the data sets, it is not there";
if (absent !== undefined) console.log(`the real files are not read: ${absent}`);

Deno.test({
  name: "the data sets whose files are here have the published numbers of rows and of classes",
  ignore: absent !== undefined,
  fn: () =>
    withHub(async (hub) => {
      for (const [name, [columns, ofTrain, ofOthers]] of Object.entries(real)) {
        const { splits, published, labels } = hubDescriptions[name];
        const data: Record<string, Record<string, unknown[]>> = {};
        for (const split of new Set(Object.values(splits!))) data[split] = await columns(split);
        publish(hub, name, (split) => data[split]);
        const { train, validation, test } = dataOf((await openOnHub(hubDescriptions[name])).opened.read);
        const sizes = { train: train!.length, ...validation && { validation: validation.length }, test: test!.length };
        assert.deepEqual(sizes, { ...published }, name);
        const counted = (examples: { label?: number }[]) =>
          Object.keys(labels!).map((_, at) => examples.filter(({ label }) => label === at).length);
        if (ofTrain.length === 0) continue;
        assert.deepEqual(counted(train!), ofTrain, name);
        assert.deepEqual(counted([...validation ?? [], ...test!]), ofOthers, name);
      }
    }),
});

Deno.test({
  name: "the files of the Schema-Guided Dialogue data set are dialogues whose answers are the turns of the system",
  ignore: absent !== undefined,
  async fn() {
    const [dev, test] = await Promise.all(["dev", "test"].map((name) => linesOf(`sgd/${name}.jsonl`)));
    const path = (name: string) => new URL(`sgd/${name}.jsonl`, folder).pathname;
    const { read } = await openDescribed({
      data: { train: path("dev"), test: path("test") },
      ...{ kind: "generation", columns: { text: "turns", group: "id" }, dialogue: true, speaker: "SYSTEM" },
      allowOverlap: true,
    });
    for (const [at, lines] of [dev, test].entries()) {
      // Texts that differ in white space and case alone are one.
      const inWords = (turn: [string, string]) => turn.join(": ").trim().split(/\s+/).join(" ").toLowerCase();
      const contexts = new Set<string>();
      for (const line of lines) {
        const { turns } = JSON.parse(line) as { turns: [string, string][] };
        turns.forEach(([speaker, said], turn) => {
          if (speaker === "SYSTEM" && said.trim() !== "" && turn > 0) {
            contexts.add(turns.slice(0, turn).map(inWords).join("\n"));
          }
        });
      }
      assert.equal(read.splits[at].examples.length, contexts.size);
    }
    const [{ turns }] = dev.map((line) => JSON.parse(line));
    const first = read.splits[0].examples.find(({ id }) => id === "train/1/4")!;
    assert.equal(first.text, turns.slice(0, 3).map((turn: string[]) => turn.join(": ")).join("\n"));
    assert.deepEqual([first.references, first.group], [[turns[3][1]], "1_00000"]);
  },
});
