/**
 * Adapters that answer by words, given to PEFT and taken from it: word by word the same scores. Opt-in: `deno task test:peft`.
 * TUNEBENCH_PYTHON names a Python with the packages of perf/requirements.txt; without it, nothing is tested.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../engine/devices/cpu.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { findFolder } from "../../models/mod.ts";
import { validateAdapter } from "../../runs/adapters/validate.ts";
import { adapterValues } from "../../runs/adapters/values.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import {
  asWordBackbone,
  type LabelWords,
  type WordBackbone,
  wordClassifier,
} from "../../runs/programs/word-classifier.ts";
import type { Study } from "../../runs/study/study.ts";
import { runCell } from "../../runs/training/run-cell.ts";
import { openWordReader, type WordReader } from "../../runs/training/words/word-reader.ts";
import { makeFolder } from "../models/folder/copies.ts";
import { architectures, tinyWordModel, wordStudy } from "../runs/training/words/tiny-words.ts";

const python = Deno.env.get("TUNEBENCH_PYTHON");
const TEXTS = ["day 7 was fine", "day 12 was grey, too bad"];

/** A case for words.py, which describes the fields. */
interface Job {
  name: string;
  kind: "masked" | "causal" | "s2s";
  model: string;
  adapter: string | null;
  texts: number[][];
  answers: number[] | null;
  words: number[][];
  scores: number[][];
}

const asPeft = { reading: "peft" };
const methods: Study["methods"] = [
  { "prompt-tuning": { virtualTokens: 3, start: "template", ...asPeft } },
  { "p-tuning": { virtualTokens: 3, hidden: 8, ...asPeft } },
  { "prefix-tuning": { prefixLength: 3, ...asPeft } },
  { lora: { rank: 3, learningRate: 0.02 } },
  { ia3: { learningRate: 0.05 } },
  "ln-tuning",
];

/** A tiny model with the task's template and words. */
interface Opened {
  folder: string;
  backbone: WordBackbone;
  reader: WordReader;
  words: LabelWords;
  kind: Job["kind"];
}

async function openTiny(architecture: string): Promise<Opened> {
  const folder = await tinyWordModel(architecture);
  const backbone = asWordBackbone(await (await findFolder(folder)).open());
  const [{ spec }] = await cellsOf(wordStudy(architecture, folder, ["lora"]));
  const reader = await openWordReader(backbone, spec.head!);
  const kind = architectures.masked.includes(architecture) ? "masked" : architecture === "t5" ? "s2s" : "causal";
  return { folder, backbone, reader, words: reader.words, kind };
}

/** The scores of the words with an adapter, each text by itself. */
async function scoresOf({ backbone, reader, words }: Opened, adapter: string): Promise<number[][]> {
  const valid = await validateAdapter(adapter, backbone);
  const { wordScores, collate } = wordClassifier(backbone, compose(valid.parts, backbone), words, { labels: [] });
  const values = Object.entries(await adapterValues(valid, backbone));
  const parameters = Object.fromEntries(values.map(([name, { data }]) => [name, data]));
  const executable = await cpu.compile(wordScores.program, wordScores.signature, { threads: 1 });
  const scores = await Array.fromAsync(TEXTS, async (text) => {
    const inputs = collate([await reader.encode(text, 60)]);
    return [...(await executable.run({ parameters, inputs })).scores];
  });
  await executable.release();
  return scores;
}

async function jobOf(opened: Opened, name: string, adapter: string | null): Promise<Job> {
  const { folder, reader, words, kind } = opened;
  const encoded = await Array.fromAsync(TEXTS, (text) => reader.encode(text, 60));
  return {
    name,
    kind,
    model: folder,
    adapter,
    texts: encoded.map((ids) => [...ids]),
    answers: kind === "masked" ? encoded.map(({ answer }) => answer!) : null,
    words: words.flat().map((word) => [...word]),
    scores: adapter === null ? [] : await scoresOf(opened, adapter),
  };
}

/** Runs of every method on every architecture that PEFT can read. */
async function makeJobs(models: Record<string, Opened>, out: string): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const [architecture, opened] of Object.entries(models)) {
    jobs.push(await jobOf(opened, architecture, null));
    for (const method of methods) {
      const [name] = typeof method === "string" ? [method] : Object.keys(method);
      // transformers gives an encoder of these kinds no keys and values from outside.
      if (name === "prefix-tuning" && opened.backbone.withoutCache) continue;
      const [cell] = await cellsOf(wordStudy(architecture, opened.folder, [method]));
      await runCell(cell.spec, { ...cell, threads: 1, out, keep: false, onProgress() {} });
      jobs.push(await jobOf(opened, `${architecture}/${name}`, `${out}/adapters/${cell.id}`));
    }
  }
  return jobs;
}

function assertClose(scores: readonly number[][], expected: readonly number[][], name: string): void {
  for (const [text, row] of expected.entries()) {
    row.forEach((score, word) =>
      assert(Math.abs(scores[text][word] - score) < 1e-4, `${name}: ${scores[text]} ${row}`)
    );
  }
}

Deno.test({
  name: "PEFT scores words with adapters that were made here as they are scored here, and the other way round",
  ignore: !python,
  async fn(t) {
    const out = await makeFolder({});
    const models: Record<string, Opened> = {};
    for (const name of [...architectures.masked, ...architectures.others]) models[name] = await openTiny(name);
    const jobs = await makeJobs(models, out);
    const list = `${await makeFolder({ "jobs.json": jobs })}/jobs.json`;
    const { success, stdout, stderr } = await new Deno.Command(python!, {
      args: [fileURLToPath(new URL("words.py", import.meta.url)), list, out],
    }).output();
    assert(success, new TextDecoder().decode(stderr).slice(-2000));
    const results: Pick<Job, "name" | "scores">[] = JSON.parse(new TextDecoder().decode(stdout));
    const made = results.filter((_, at) => jobs[at].adapter !== null);
    await t.step(`to PEFT: ${made.length} adapters`, () => {
      for (const [at, { name, scores }] of results.entries()) {
        if (jobs[at].adapter !== null) assertClose(jobs[at].scores, scores, name);
      }
    });
    const taken = results.filter((_, at) => jobs[at].adapter === null);
    await t.step(`from PEFT: ${taken.length} adapters`, async () => {
      for (const { name, scores } of taken) assertClose(await scoresOf(models[name], `${out}/${name}`), scores, name);
    });
  },
});
