import assert from "node:assert/strict";
import type { Cell } from "../../runs/study/cell.ts";
import { duration, showProgress } from "../../cli/output/progress.ts";
import { titlesOf } from "../../runs/study/labels.ts";

function cell(method: string, options: Record<string, unknown> = {}, model = "use-lite"): Cell {
  return {
    id: `${method} ${JSON.stringify(options)} ${model}`,
    spec: {
      model: { name: model, revision: "1" },
      task: { name: "brown/negation", version: 1 },
      data: { train: 1, validation: 1, test: 1 },
      method: [{ name: method, options }],
      seed: 3,
      training: {
        epochs: 1,
        batchSize: 1,
        headLearningRate: 1,
        weightDecay: 0,
        warmup: 0,
        clip: 1,
        maxLength: 1,
        microBatchRows: 1,
      },
      device: "cpu",
      precision: "float32",
    },
  };
}

/** What a screen shows of two cells, the second under way for 10 s of training that is half done. */
function show(redraws: boolean): string {
  let text = "";
  let now = 0;
  const tell = showProgress({ redraws, columns: () => 80, write: (part) => text += part, now: () => now });
  tell({ type: "cells", cells: 3, recorded: 1, all: [cell("lora"), cell("bitfit"), cell("full")] });
  tell({ type: "start", cell: cell("lora") });
  now = 10;
  tell({ type: "done", cell: cell("lora"), seconds: 10, metric: "accuracy", score: 0.95 });
  tell({ type: "start", cell: cell("bitfit") });
  now = 20;
  tell({ type: "step", cell: cell("bitfit"), step: 50, steps: 100, loss: 0.25 });
  return text;
}

Deno.test("without a terminal there is one plain line for each finished cell, with the time left", () => {
  assert.equal(
    show(false),
    "3 cells, 1 of them done before\n[2/3] lora on brown/negation, seed 3: accuracy 0.950 in 10 s, about 10 s left\n",
  );
});

Deno.test("of several studies, one after the other, each is counted by itself", () => {
  let text = "";
  const tell = showProgress({ redraws: false, columns: () => 80, write: (part) => text += part, now: () => 0 });
  for (const method of ["lora", "bitfit"]) {
    tell({ type: "cells", cells: 1, recorded: 0, all: [cell(method)] });
    tell({ type: "done", cell: cell(method), seconds: 1, metric: "accuracy", score: 0.5 });
  }
  assert.deepEqual(text.match(/\[.*\]/g), ["[1/1]", "[1/1]"]);
});

Deno.test("on a terminal a running cell is shown with its step, its loss and the time left", () => {
  const shown = show(true).split("\x1b[J").at(-1);
  // 20 s for one and a half cells; half a cell is left.
  assert.equal(shown, "  bitfit on brown/negation, seed 3: step 50/100, loss 0.250\n2/3 cells, about 6.7 s left\n");
});

Deno.test("cells of one method are told apart by the options that differ, and by their models where there are several", () => {
  const sweep = [cell("lora", { rank: 4, alpha: 8 }), cell("lora", { rank: 8, alpha: 8 }), cell("bitfit")];
  const where = "on brown/negation, seed 3";
  assert.deepEqual([...titlesOf(sweep).values()], [
    `lora (rank 4) ${where}`,
    `lora (rank 8) ${where}`,
    `bitfit ${where}`,
  ]);
  assert.deepEqual([...titlesOf([cell("lora"), cell("lora", {}, "org/tiny")]).values()], [
    "lora on brown/negation, use-lite, seed 3",
    "lora on brown/negation, org/tiny, seed 3",
  ]);
});

Deno.test("lines never wrap", () => {
  let text = "";
  const tell = showProgress({ redraws: true, columns: () => 30, write: (part) => text += part, now: () => 0 });
  const long = cell("a-method-with-a-rather-long-name");
  tell({ type: "cells", cells: 3, recorded: 1, all: [long] });
  text = "";
  tell({ type: "start", cell: long });
  assert.ok(text.split("\n").every((line) => line.length < 30), text);
});

Deno.test("durations are written as people say them", () => {
  assert.deepEqual([4.23, 59.4, 185, 7800].map(duration), ["4.2 s", "59 s", "3 min 5 s", "2 h 10 min"]);
});

Deno.test("control characters of names and reasons do not reach the terminal", () => {
  let text = "";
  const tell = showProgress({ redraws: false, columns: () => 80, write: (part) => text += part, now: () => 0 });
  const hostile = cell("a\x1b[2J\n");
  tell({ type: "cells", cells: 1, recorded: 0, all: [hostile] });
  text = "";
  tell({ type: "failed", cell: hostile, reason: "\x1b]0;title\x07" });
  assert.match(text, /^\[1\/1\] a\\u001b\[2J\\n on brown\/negation, seed 3: failed, \\u001b\]0;title\\u0007\n$/);
});

Deno.test("cells of other benches count as done, and waiting for them is said", () => {
  let text = "";
  const tell = showProgress({ redraws: false, columns: () => 80, write: (part) => text += part, now: () => 0 });
  tell({ type: "cells", cells: 3, recorded: 1, all: [cell("lora")] });
  tell({ type: "start", cell: cell("lora") });
  tell({ type: "lost", cell: cell("lora") });
  tell({ type: "waiting", cells: 2 });
  tell({ type: "recorded", cell: cell("lora") });
  assert.equal(
    text,
    "3 cells, 1 of them done before\n" +
      "lora on brown/negation, seed 3: taken over by another bench\n" +
      "Waiting for 2 cells of other benches on this folder\n" +
      "[2/3] lora on brown/negation, seed 3: recorded by another bench\n",
  );
});
