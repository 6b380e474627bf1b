import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { PeerProcess } from "../../../perf/peer-process.ts";
import type { Served, ServeJob, ServeOrder } from "../../../perf/predict.ts";
import { workerArguments } from "../../../runs/launch/worker-process.ts";
import { makeFolder } from "../../models/folder/copies.ts";

const pathOf = (file: string) => fileURLToPath(new URL(`../../../perf/${file}`, import.meta.url));

Deno.test("100 adapters on one model take their own size and less than 5 % more memory than one", async () => {
  const folder = await makeFolder({});
  const args = [...workerArguments, pathOf("write-adapters.ts"), folder, "use-lite", "100", "prompt-tuning"];
  assert((await new Deno.Command(Deno.execPath(), { args }).output()).success);
  const stored = (await Deno.stat(`${folder}/prompt-tuning/0/adapter_model.safetensors`)).size;
  const order: ServeOrder = { lines: 20, different: true, calls: 5 };
  const residentWith = async (count: number) => {
    const adapters = Array.from({ length: count }, (_, at) => `${folder}/prompt-tuning/${at}`);
    const job: ServeJob = { models: [{ model: "use-lite", adapters }], device: "cpu" };
    const contestant = new PeerProcess(Deno.execPath(), [
      ...workerArguments,
      pathOf("predict.ts"),
      JSON.stringify(job),
    ]);
    const { resident } = await contestant.ask<Served>(JSON.stringify(order));
    await contestant.end();
    return resident;
  };
  const one = await residentWith(1);
  for (const count of [3, 100]) {
    const more = await residentWith(count) - one;
    const allowed = count * stored + 0.05 * one;
    assert(more <= allowed, `${count} adapters take ${more / 1e6} MB more, at most ${allowed / 1e6} MB are allowed`);
  }
});
