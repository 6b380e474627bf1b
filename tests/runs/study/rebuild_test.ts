import assert from "node:assert/strict";
import { methods } from "../../../methods/mod.ts";
import { studiesOf } from "../../../runs/study/rebuild.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { runId, type RunSpec } from "../../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../../runs/study/study.ts";
import { makeRecord } from "../../reports/record-factory.ts";

/** The records that the runs of a study would have, as far as studies are made from them. */
async function recordsOf(...studies: Study[]): Promise<RunRecord[]> {
  const cells = (await Promise.all(studies.map(cellsOf))).flat();
  return cells.map(({ spec }) => recordOf(spec));
}

function recordOf(spec: RunSpec): RunRecord {
  const isProbe = spec.method.every(({ name }) => name === "linear-probe");
  const record = makeRecord({ change: ({ parameters }) => parameters.method = isProbe ? 0 : 1 });
  return { ...record, spec, id: runId(spec) };
}

async function requireSameRuns(records: readonly RunRecord[]): Promise<Study[]> {
  const { studies } = studiesOf(records);
  const ids: string[] = [];
  for (const study of studies) {
    const read = parseStudy(JSON.parse(JSON.stringify(study)), presets.quick.study);
    ids.push(...(await cellsOf(read)).map(({ id }) => id));
  }
  assert.deepEqual(ids.sort(), records.map(({ id }) => id).sort());
  return studies;
}

const { study: quick } = presets.quick;

for (const name of ["smoke", "quick", "standard"]) {
  Deno.test(`the runs of the preset ${name} are made again by one study with the same ids`, async () => {
    assert.equal((await requireSameRuns(await recordsOf(presets[name].study))).length, 1);
  });
}

Deno.test("every method, joined ones and ones with other options are made again by one study", async () => {
  const study: Study = {
    ...quick,
    methods: [...Object.keys(methods).filter((name) => !methods[name].untrained), "lora+prompt-tuning", {
      lora: { rank: 4, dropout: 0.1 },
    }, {
      bitfit: { epochs: 9 },
    }],
  };
  assert.equal((await requireSameRuns(await recordsOf(study))).length, 1);
});

Deno.test("training options, precision, memory and sizes are made again, each combination by a study of its own", async () => {
  const small: Study = { ...quick, methods: ["lora", "linear-probe"], tasks: ["sentiment/amazon"], seeds: [0, 7] };
  const studies = await requireSameRuns(
    await recordsOf(
      small,
      { ...small, methods: ["lora"], training: { headLearningRate: 1e-3, epochs: 2, warmup: 0, maxLength: 32 } },
      { ...small, precision: "int8" },
      { ...small, memory: "small" },
      { ...small, data: { train: 100, validation: 50, test: 40 } },
      { ...small, data: { perClass: 16 } },
    ),
  );
  assert.equal(studies.length, 6);
});

Deno.test("where cells are missing, several studies make the others and no more", async () => {
  const records = (await recordsOf(quick)).filter((_, index) => index % 7 !== 3);
  await requireSameRuns(records);
  const { studies } = studiesOf(records);
  assert.deepEqual(studiesOf(records.toReversed()).studies, studies);
});

Deno.test("models of the hub are named with their commit; folders and files of users are named with their checksums", () => {
  const spec = (change: Partial<RunSpec>) => recordOf({ ...makeRecord().spec, ...change });
  const hub = studiesOf([spec({ model: { name: "org/name:a/b.gguf", revision: "0a".repeat(20) } })]);
  assert.deepEqual(hub.studies[0].models, [`org/name@${"0a".repeat(20)}:a/b.gguf`]);
  assert.deepEqual(hub.needed, []);
  const own = studiesOf([
    spec({
      model: { name: "..my model", revision: "ab".repeat(32) },
      task: { name: "rte", version: 1, files: { "train.tsv": "cd".repeat(32) } },
      from: { sha256: "ef".repeat(32) },
    }),
  ]);
  assert.deepEqual(own.needed.map(({ path }) => path.replace(/-[0-9a-f]{8}$/, "")), [
    "./adapters/efefefefefefefef",
    "./models/my-model",
    "./task-files/rte",
  ]);
  assert.match(own.needed[2].what, /train\.tsv \(SHA-256 cdcd/);
});

Deno.test("the runs of a tuned study are made again with the same ids, its trials with them, and trials alone as trials", async () => {
  const spaces = {
    "prompt-tuning": { learningRate: { from: 0.01, to: 0.1, log: true as const }, virtualTokens: [4, 8] },
  };
  const methods = ["lora", "linear-probe", "prompt-tuning", "lora+prompt-tuning", { bitfit: { learningRate: 0.02 } }];
  const tuned = { ...quick, tasks: ["brown/negation"], methods, seeds: [0, 1], tuning: { trials: 3, spaces } };
  const records = (await cellsOf(tuned)).map((cell) => {
    const tuning = {
      trial: 0,
      method: [],
      training: cell.spec.training,
      trials: (cell.trials ?? []).map((id) => ({ id, score: 0, loss: 0 })),
    };
    return { ...recordOf(cell.spec), ...cell.trials && { tuning } };
  });
  await requireSameRuns(records);
  await requireSameRuns(records.filter(({ spec }) => spec.trial).slice(0, 2));
});
