import assert from "node:assert/strict";
import { askOnce } from "../../../../perf/processes/alternate.ts";
import { runProgram, startPredicting } from "../../../../perf/processes/start.ts";
import type { PredictRequest, PredictRound } from "../../../../perf/programs/predict.ts";
import { makeFolder } from "../../../models/folder/copies.ts";

Deno.test("100 adapters on one model take their own size and less than 5 % more memory than one", async () => {
  const folder = await makeFolder({});
  await runProgram("write-adapters.ts", [folder, "use-lite", "100", "prompt-tuning"]);
  const stored = (await Deno.stat(`${folder}/prompt-tuning/0/adapter_model.safetensors`)).size;
  const request: PredictRequest = { texts: 20, different: true, calls: 5 };
  const residentWith = async (count: number) => {
    const adapters = Array.from({ length: count }, (_, at) => `${folder}/prompt-tuning/${at}`);
    const process = startPredicting({ models: [{ model: "use-lite", adapters }], device: "cpu" });
    return (await askOnce<PredictRound>(process, JSON.stringify(request))).resident;
  };
  const one = await residentWith(1);
  for (const count of [3, 100]) {
    const more = await residentWith(count) - one;
    const allowed = count * stored + 0.05 * one;
    assert(more <= allowed, `${count} adapters take ${more / 1e6} MB more, at most ${allowed / 1e6} MB are allowed`);
  }
});
