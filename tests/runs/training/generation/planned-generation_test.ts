import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../models/mod.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../runs/programs/language-model.ts";
import { openCell, prepareCell } from "../../../../runs/training/prepare.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { folder, paths, specOf } from "./setup.ts";

/** Bytes that a cell asks for before its first step, and those of its planned step. */
async function reservedFor(method: string): Promise<{ reserved: number; step: number }> {
  const spec = await specOf({ methods: [method] });
  let reserved = 0;
  const prepared = await prepareCell(await openCell(spec, paths, 1), {
    ...paths,
    threads: 1,
    out: await makeFolder({}),
    keep: false,
    onProgress() {},
    reserve: (bytes) => Promise.resolve(void (reserved = bytes)),
  });
  await prepared.training?.release();
  await prepared.evaluator.release();
  return { reserved, step: prepared.planned.total };
}

/** Bytes of what answers texts with the model as it is: 16 prompts of 9 tokens that are answered with 10. */
async function answeringBytes(): Promise<number> {
  const backbone = asLanguageModel(await (await findFolder(folder)).open());
  const { read, step, losses } = trainableLanguageModel(backbone, compose([], backbone));
  const plans = [];
  // Of two references for each of six prompts, six have 9 tokens and are computed together.
  for (const [{ program, signature }, batch, length] of [[read, 16, 9], [step, 16, 19], [losses, 6, 18]] as const) {
    const executable = await cpu.compile(program, signature, { threads: 1, small: true });
    plans.push(executable.planMemory(batch, length));
    await executable.release();
  }
  const width = backbone.keyValueWidths.reduce((sum, each) => sum + each, 0);
  const cache = 4 * 2 * 16 * (19 + 19) * width;
  const own = plans.reduce((sum, { activations, runtime }) => sum + activations + runtime, cache);
  return own + Math.max(...plans.map(({ weights }) => weights));
}

Deno.test("a cell of generation asks for the memory of what answers texts, whose programs read one copy of the weights", async () => {
  assert.equal((await reservedFor("hand-written")).reserved, await answeringBytes());
});

Deno.test("one that trains asks for that of its step, too", async () => {
  const { reserved, step } = await reservedFor("lora");
  // Programs with LoRA have more nodes than those without.
  assert.ok(reserved > step + await answeringBytes(), `${reserved} bytes beside a step of ${step}`);
});
