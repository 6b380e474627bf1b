import assert from "node:assert/strict";
import { UsageError } from "../../../base/errors.ts";
import { readPeftResults } from "../../../reports/external/peft.ts";
import { readResults, writeReport } from "../../../reports/mod.ts";
import { inFolder } from "../../in-folder.ts";
import { hostile } from "../hostile.ts";
import { makeRecord } from "../record-factory.ts";

/** An invented file in the form of PEFT's method comparison (as of 2025 and 2026). */
function experiment(
  { name = "lora/m-rank32", accuracy = 0.25, created = "2026-01-02T00:00:00+00:00", status = "success" } = {},
) {
  return {
    run_info: {
      created_at: created,
      total_time: 20.5,
      experiment_name: name,
      peft_branch: "main",
      train_config: { model_id: "org/m", dtype: "bfloat16", seed: 0, optimizer_kwargs: { lr: 1e-4 } },
      peft_config: name.startsWith("full") ? null : { peft_type: "LORA", r: 32, target_modules: ["q_proj"] },
      error_msg: "",
    },
    train_info: {
      accelerator_memory_reserved_avg: 1,
      accelerator_memory_max: 3 * 2 ** 30,
      train_time: 12.25,
      file_size: 2048,
      num_trainable_params: 4096,
      num_total_params: 9_000_000,
      status,
      metrics: [
        { "step": 10, "valid accuracy": 0.75, "train loss": 0.5 },
        { "step": 20, "test accuracy": accuracy, "forgetting": 0.125, "train loss": 0.25, "train samples": 80 },
      ],
    },
    meta_info: {
      model_info: { sha: "ab", created_at: created },
      dataset_info: { metamath: { sha: "cd" }, gsm8k: { sha: "ef" } },
      package_info: { "peft-version": "0.19.2", "torch-version": "2.12.0" },
      system_info: { system: "Linux", accelerator: "Some GPU" },
    },
    pytorch_info: "",
  };
}

/** The same as it was until July 2025, when memory had another name, and of one data set. */
function older() {
  const { run_info, train_info: { accelerator_memory_max: memory, ...train_info }, meta_info } = experiment({
    name: "full/m",
  });
  return {
    run_info: { ...run_info, train_config: { ...run_info.train_config, dataset_id: "org/d" } },
    train_info: { ...train_info, cuda_memory_max: memory },
    meta_info: { ...meta_info, dataset_info: { sha: "cd" }, system_info: { gpu: "Some GPU" } },
  };
}

const write = (path: string, value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));

Deno.test("the latest of each experiment of PEFT's method comparison is read, in both forms of its files", () =>
  inFolder({}, async (folder) => {
    await write(`${folder}/a.json`, experiment({ accuracy: 0.5 }));
    await write(`${folder}/b.json`, experiment({ created: "2025-01-01T00:00:00+00:00" }));
    await write(`${folder}/c.json`, older());
    await write(`${folder}/d.json`, experiment({ name: "oft/m", status: "failed" }));
    await write(`${folder}/e.json`, { a: 1 });
    const { rows, unfinished, unreadable } = await readPeftResults(folder);
    assert.deepEqual(rows.map(({ experiment, method, data, memory }) => [experiment, method, data, memory]), [
      ["lora/m-rank32", "LORA", "metamath, gsm8k", 3 * 2 ** 30],
      ["full/m", "full fine-tuning", "org/d", 3 * 2 ** 30],
    ]);
    assert.deepEqual(rows[0].scores, { "test accuracy": 0.5, "forgetting": 0.125 });
    assert.deepEqual([rows[0].seed, rows[0].trained, rows[0].stored, rows[0].place], [
      0,
      4096,
      2048,
      "0.19.2, Some GPU",
    ]);
    assert.deepEqual(unfinished, ["oft/m"]);
    assert.match(unreadable[0].reason, /of PEFT's method comparison, run_info must be an object/);
  }));

Deno.test("results of others stand in tables of their own, marked as such, and change no other", () =>
  inFolder({}, async (folder) => {
    await Deno.mkdir(`${folder}/runs`);
    const record = makeRecord();
    await write(`${folder}/runs/${record.id}.json`, record);
    await write(`${folder}/peft.json`, experiment());
    const { terminal } = await writeReport([folder], `${folder}/with`, { external: `${folder}/peft.json` });
    const without = await writeReport([folder], `${folder}/without`);
    assert.equal(terminal, without.terminal);
    const read = (report: string, file: string) => Deno.readTextFileSync(`${folder}/${report}/${file}`);
    for (const file of ["results.csv", "runs.csv", "differences.csv", "tables.tex"]) {
      assert.equal(read("with", file), read("without", file), file);
    }
    for (const file of ["report.md", "report.html"]) {
      const text = read("with", file);
      assert.match(text, /Results of others: org\/m, metamath, gsm8k/);
      assert.match(text, /0\.250/);
      assert.match(text, /External.*not compared with the runs of this report/s);
      assert.doesNotMatch(read("without", file), /Results of others/);
    }
    assert.equal((await readResults([folder])).external, undefined);
  }));

Deno.test("what holds no such results is refused in one sentence, and hostile texts in them change no table", () =>
  inFolder({ "x.json": "{}", "empty/.keep": "" }, async (folder) => {
    for (const path of ["x.json", "empty", "nothing"]) {
      await assert.rejects(readPeftResults(`${folder}/${path}`), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /^Cannot read results of others: [^\n]+$/);
        return true;
      });
    }
    await Deno.mkdir(`${folder}/runs`);
    const record = makeRecord();
    await write(`${folder}/runs/${record.id}.json`, record);
    for (const text of hostile.slice(0, 20)) {
      await write(`${folder}/h.json`, experiment({ name: text }));
      await writeReport([folder], `${folder}/report`, { external: `${folder}/h.json` });
      const html = Deno.readTextFileSync(`${folder}/report/report.html`);
      assert.equal(html.match(/<script/g)!.length, 2);
      const lines = Deno.readTextFileSync(`${folder}/report/report.md`).split("\n");
      const table = lines.slice(lines.findIndex((line) => line.startsWith("## Results of others")));
      assert.deepEqual(table.slice(2, 5).map((line) => line.split("|").length), [12, 12, 12]);
    }
  }));
