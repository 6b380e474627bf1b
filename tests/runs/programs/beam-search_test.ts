import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { beamSearch } from "../../../runs/programs/beam-search.ts";
import { generate } from "../../../runs/programs/decoding.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";

const folder = fileURLToPath(new URL("../../golden/A/llama/model", import.meta.url));
const backbone = asLanguageModel(await (await findFolder(folder)).open());
const adaptation = compose([], backbone);
const model = trainableLanguageModel(backbone, adaptation);
const texts = [[15, 70, 45, 77], [20, 33], [52, 92, 44]];
const options = { device: cpu, threads: 1, parameters: {}, tokens: 7 };

// transformers 5.23: generate(num_beams, length_penalty, eos_token_id, early_stopping=False, max_new_tokens=7), text by
// text; what it fills up after an end (0) is left out.
const golden = [
  {
    end: undefined,
    lengthPenalty: 1.0,
    beams: 3,
    expected: [[42, 81, 81, 81, 77, 39, 72], [91, 90, 15, 90, 90, 67, 67], [58, 46, 46, 30, 87, 81, 46]],
  },
  {
    end: 81,
    lengthPenalty: 1.0,
    beams: 3,
    expected: [[93, 91, 91, 91, 3, 95, 19], [91, 90, 15, 90, 90, 67, 67], [65, 38, 13, 25, 44, 26, 79]],
  },
  {
    end: 90,
    lengthPenalty: 1.0,
    beams: 3,
    expected: [[42, 81, 81, 81, 77, 39, 72], [91, 90], [58, 46, 46, 30, 87, 81, 46]],
  },
  { end: 46, lengthPenalty: 0.0, beams: 3, expected: [[93, 46], [91, 90, 15, 90, 90, 67, 67], [58, 46]] },
  {
    end: 46,
    lengthPenalty: 2.0,
    beams: 2,
    expected: [[42, 81, 81, 81, 77, 39, 72], [91, 90, 15, 90, 90, 67, 67], [34, 19, 95, 87, 96, 93, 95]],
  },
  {
    end: 87,
    lengthPenalty: 1.0,
    beams: 4,
    expected: [[42, 81, 81, 81, 77, 39, 72], [91, 90, 15, 90, 90, 67, 67], [58, 46, 46, 30, 72, 29, 72]],
  },
];

for (const { expected, ...search } of golden) {
  const { beams, end, lengthPenalty } = search;
  Deno.test(`${beams} beams with end ${end} and length penalty ${lengthPenalty} find what transformers finds`, async () => {
    const found = await beamSearch(backbone, adaptation, model, texts, { ...options, ...search });
    assert.deepEqual(found, texts.map((ids, at) => [...ids, ...expected[at]]));
  });
}

Deno.test("beam search with one beam is greedy generation", async () => {
  const found = await beamSearch(backbone, adaptation, model, texts, { ...options, beams: 1, lengthPenalty: 1 });
  assert.deepEqual(found, await generate(backbone, adaptation, model, texts, options));
});
