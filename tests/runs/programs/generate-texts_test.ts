import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { generateTexts, type TextOptions } from "../../../runs/programs/generate-texts.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";

const folder = fileURLToPath(new URL("../../golden/A/llama/model", import.meta.url));
const opened = asLanguageModel(await (await findFolder(folder)).open());
// A text is its tokens' numbers; the golden model has no tokenizer.
const backbone = { ...opened, decode: (ids: readonly number[]) => Promise.resolve(ids.map((id) => `${id} `).join("")) };
const adaptation = compose([], backbone);
const model = trainableLanguageModel(backbone, adaptation);
const prompts = [[15, 70, 45, 77], [20, 33], [52, 92, 44]].map((tokens, at) => ({ id: `test/${at}`, tokens }));
const texts = (options: Partial<TextOptions> = {}, some = prompts) =>
  generateTexts(backbone, adaptation, model, some, {
    ...{ device: cpu, threads: 1, parameters: {}, tokens: 7, seed: 3 },
    ...options,
  });

Deno.test("texts of three beams are those that transformers generates", async () => {
  // transformers 5.23: generate(num_beams=3, length_penalty=1.0, early_stopping=False, max_new_tokens=7)
  const golden = ["42 81 81 81 77 39 72 ", "91 90 15 90 90 67 67 ", "58 46 46 30 87 81 46 "];
  assert.deepEqual(await texts({ beams: 3 }), golden);
  assert.notDeepEqual(await texts(), golden);
  assert.deepEqual(await texts({ beams: 3, stop: ["81 77"] }), ["42 81 81 ", golden[1], golden[2]]);
});

Deno.test("the first token is drawn from the nucleus alone, by the probabilities that its scores and the temperature give", async () => {
  const [temperature, topP, count] = [2, 0.5, 1500];
  const executable = await cpu.compile(model.read.program, model.read.signature, { threads: 1 });
  const { scores } = await executable.run({ parameters: {}, inputs: backbone.collate([prompts[0].tokens]) });
  await executable.release();
  const weights = [...scores].map((score) => Math.exp(score / temperature));
  const total = weights.reduce((sum, weight) => sum + weight);
  const order = [...weights.keys()].sort((a, b) => weights[b] - weights[a]);
  const before = (place: number) => order.slice(0, place).reduce((sum, token) => sum + weights[token], 0) / total;
  const nucleus = order.filter((_, place) => before(place) < topP);
  const kept = before(nucleus.length);
  const many = Array.from({ length: count }, (_, at) => ({ ...prompts[0], id: `test/${at}` }));
  const drawn = await texts({ tokens: 1, temperature, topP }, many);
  assert(nucleus.length > 5 && nucleus.length < order.length / 2, String(nucleus.length));
  assert.deepEqual([...new Set(drawn)].filter((text) => !nucleus.includes(Number(text))), []);
  for (const token of nucleus) {
    const share = weights[token] / total / kept;
    const frequency = drawn.filter((text) => Number(text) === token).length / count;
    // Five standard errors.
    assert(
      Math.abs(frequency - share) < 5 * Math.sqrt(share * (1 - share) / count),
      `${token}: ${frequency}, ${share}`,
    );
  }
});

Deno.test("a sampled text follows from seed and example, whatever is generated beside it", async () => {
  const sampled = { temperature: 1, tokens: 9 };
  const together = await texts(sampled);
  assert.deepEqual(await texts(sampled, [prompts[2], prompts[0]]), [together[2], together[0]]);
  assert.deepEqual(await texts(sampled, [prompts[1]]), [together[1]]);
  assert.notDeepEqual(await texts({ ...sampled, seed: 4 }), together);
  assert.equal(new Set(await texts(sampled, [prompts[0], { ...prompts[0], id: "test/9" }])).size, 2);
});

Deno.test("a text ends before the first of the strings to stop at, and no token is added after it", async () => {
  const [whole] = await texts({}, [prompts[0]]);
  const tokens = whole.trim().split(" ");
  assert.equal(tokens.length, 7);
  let steps = 0;
  const counting = {
    compile: async (...[program, signature, options]: Parameters<typeof cpu.compile>) => {
      const executable = await cpu.compile(program, signature, options);
      return { ...executable, run: (...feed: Parameters<typeof executable.run>) => (steps++, executable.run(...feed)) };
    },
  };
  const stop = [`${tokens[5]} `, `${tokens[3]} ${tokens[4]}`];
  const first = whole.slice(0, Math.min(...stop.map((string) => whole.indexOf(string))));
  assert.deepEqual(await texts({ stop, device: counting }, [prompts[0]]), [first]);
  assert(steps < 7, String(steps));
  assert.deepEqual(await texts({ stop: ["none"] }, [prompts[0]]), [whole]);
});
