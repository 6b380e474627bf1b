import assert from "node:assert/strict";
import type { Job } from "../../../runs/launch/protocol.ts";
import { runWorker } from "../../../runs/launch/worker-process.ts";

const job: Job = { mode: "look", models: [] };

Deno.test("a tokenizer whose regular expression runs away ends its worker, and the reason says so", async () => {
  const entry = new URL("panicking-worker.ts", import.meta.url);
  const { reason } = await runWorker(job, entry, new AbortController().signal, () => {});
  assert.match(reason!, /^the worker was ended by SIGABRT: Onig: Regex search error: retry-limit-in-match over$/);
});

Deno.test("a tokenizer that needs too long for a text ends its worker, and the reason says so", async () => {
  const entry = new URL("slow-worker.ts", import.meta.url);
  const { reason } = await runWorker(job, entry, new AbortController().signal, () => {});
  assert.equal(reason, "Cannot use the tokenizer tokenizer.json: a text must be encoded within 0.2 s, it takes longer");
});
