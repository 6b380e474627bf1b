import assert from "node:assert/strict";
import { Thread, type ThreadLimits } from "../../base/thread.ts";
import type { Greed } from "./greedy-thread.ts";

const program = new URL("./greedy-thread.ts", import.meta.url);
// The memory of the whole process is looked at, and of others in it, such as tests that are loaded meanwhile.
const enough: ThreadLimits = { seconds: 60, bytes: 1 << 30 };
const little = 1 << 27;

const run = async (what: string, limits: ThreadLimits, over = new Int32Array(new SharedArrayBuffer(4))) => {
  using thread = new Thread(program, limits);
  return await thread.ask({ what, over } satisfies Greed);
};

Deno.test("a thread gives its result, and its error is the caller's", async () => {
  assert.equal(await run("answers", enough), 42);
  await assert.rejects(run("refuses", enough), { message: "it must be a tune" });
});

Deno.test("a thread that goes on or takes memory without end is not waited for, and the error names the limit", async () => {
  const over = new Int32Array(new SharedArrayBuffer(4));
  try {
    await assert.rejects(run("goes on", { ...enough, seconds: 1 }, over), {
      message: "it must be read within 1 s, it takes longer",
    });
    await assert.rejects(run("takes buffers", { ...enough, bytes: little }, over), {
      message: "it must be read within 128 MiB of memory, it takes more",
    });
    // Where V8 has pages left from other tests, it is the time that ends it.
    await assert.rejects(run("fills its heap", { seconds: 4, bytes: little }, over), {
      message: /^it must be read within (128 MiB of memory, it takes more|4 s, it takes longer)$/,
    });
  } finally {
    Atomics.store(over, 0, 1);
  }
});
