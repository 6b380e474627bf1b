import { cpu } from "../../../engine/devices/cpu.ts";
import { js } from "../../../engine/devices/js.ts";
import { asWordBackbone } from "../../../runs/programs/word-classifier.ts";
import { type Variant, variant } from "../../methods/variants.ts";
import { expected, headOf, maskedTexts, openWith } from "../../models/architectures/masked.ts";
import {
  cases,
  openGolden,
  requireGoldenScores,
  requireGradients,
  texts,
  words,
} from "../../runs/programs/word-scores.ts";

for (const device of [cpu, js]) {
  Deno.test(`${device.name} scores words of several tokens as transformers and PEFT do`, async (t) => {
    for (const [architecture, method] of cases) {
      await t.step(`${architecture}, ${method}`, () => requireGoldenScores(device, architecture, method));
    }
  });
}

Deno.test("the gradients of losses by words agree between the devices and with central differences", async (t) => {
  const labelWords = [[words[0], words[3]], [words[1], words[2]]];
  const lora = variant("lora", { rank: 1 });
  const chosen: [architecture: string, parts: Variant[]][] = [
    ["mistral", [lora, variant("prefix-tuning", { prefixLength: 2 })]],
    ["t5", [variant("prefix-tuning", { prefixLength: 2 })]],
    ["llama", [variant("p-tuning", { virtualTokens: 2, hidden: 5 })]],
    ["gpt2", [variant("full")]],
  ];
  for (const [architecture, parts] of chosen) {
    const title = [architecture, ...parts.map(({ title }) => title)].join(", ");
    await t.step(title, async () => await requireGradients(await openGolden(architecture), parts, labelWords, texts));
  }
  await t.step("bert, full", async () => {
    const opened = await openWith("bert-untied", await headOf("bert-untied"));
    const backbone = asWordBackbone({ ...opened, maskToken: expected.mask });
    const encoded = maskedTexts.map((ids) => Object.assign([...ids], { answer: 2 }));
    await requireGradients(backbone, [variant("full")], [[[30], [7]], [[2]]], encoded);
  });
});
