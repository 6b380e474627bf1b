import assert from "node:assert/strict";
import { Claims } from "../../../../runs/study/shared/claims.ts";
import { inFolder } from "../../../in-folder.ts";

/** Seconds; short ones, as tests wait for them. */
const PATIENCE = 1;
const ID = "0123456789abcdef";

async function claimed(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(`${folder}/runs`))).map(({ name }) => name).sort();
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}

/** Tries to claim the cell until that succeeds. */
async function takeInTime(claims: Claims) {
  for (let tries = 0; tries < 600; tries++) {
    const claim = await claims.take(ID);
    if (claim) return claim;
    await sleep(0.05);
  }
  assert.fail("waited 30 s for a claim");
}

Deno.test("of many who claim a cell at once one has it, and the next one when it is released", () =>
  inFolder({ "runs/x": "" }, async (folder) => {
    const all = Array.from({ length: 20 }, () => new Claims(folder));
    const taken = (await Promise.all(all.map((claims) => claims.take(ID)))).filter((claim) => claim !== undefined);
    assert.equal(taken.length, 1);
    await taken[0].release();
    const next = await all[7].take(ID);
    assert.ok(next);
    await next.release();
    assert.deepEqual(await claimed(folder), ["x"]);
    all.forEach((claims) => claims[Symbol.dispose]());
  }));

Deno.test("a claim whose owner counts is kept, whatever the clocks of its machine say", () =>
  inFolder({ "runs/x": "" }, async (folder) => {
    using owner = new Claims(folder, PATIENCE);
    using other = new Claims(folder, PATIENCE);
    const claim = await owner.take(ID);
    for (let looks = 0; looks < 30; looks++) {
      // As by a clock that is years behind.
      await Deno.utime(claim!.files[0], new Date(0), new Date(0));
      assert.equal(await other.take(ID), undefined);
      await sleep(0.1);
    }
    await claim!.release();
  }));

Deno.test("a claim that stands still is taken over by one of those who watch it, and leaves nothing", () =>
  inFolder({ [`runs/${ID}.1.claim`]: "a dead owner" }, async (folder) => {
    using first = new Claims(folder, PATIENCE);
    using second = new Claims(folder, PATIENCE);
    assert.deepEqual([await first.take(ID), await second.take(ID)], [undefined, undefined]);
    await sleep(2 * PATIENCE);
    const taken = (await Promise.all([first.take(ID), second.take(ID)])).filter((claim) => claim !== undefined);
    // Both may be late at the look that counts; then one has it a moment later.
    const claim = taken[0] ?? await takeInTime(first);
    assert.ok(taken.length <= 1);
    assert.deepEqual(await claimed(folder), [`${ID}.1.claim`, `${ID}.2.claim`]);
    await claim.release();
    assert.deepEqual(await claimed(folder), []);
  }));

Deno.test("an owner whose claim was taken over while it was stopped learns of it, and removes nothing of the new one", () =>
  inFolder({ "runs/x": "" }, async (folder) => {
    using owner = new Claims(folder, PATIENCE);
    using other = new Claims(folder, PATIENCE);
    const claim = await owner.take(ID);
    await Deno.writeTextFile(`${folder}/runs/${ID}.2.claim`, "the new owner");
    await new Promise((resolve) => claim!.lost.aborted ? resolve(0) : claim!.lost.addEventListener("abort", resolve));
    await claim!.release();
    assert.deepEqual(await claimed(folder), [`${ID}.1.claim`, `${ID}.2.claim`, "x"]);
    // A gap in the generations gives the cell to nobody else.
    await Deno.remove(`${folder}/runs/${ID}.1.claim`);
    await Deno.writeTextFile(`${folder}/runs/${ID}.2.claim`, "the new owner goes on");
    assert.equal(await other.take(ID), undefined);
    assert.deepEqual(await claimed(folder), [`${ID}.2.claim`, "x"]);
  }));

Deno.test("what an owner left that ended after its record is removed", () =>
  inFolder({ [`runs/${ID}.1.claim`]: "", [`runs/${ID}.json`]: "", "runs/00.1.claim": "" }, async (folder) => {
    using claims = new Claims(folder);
    await claims.sweep();
    assert.deepEqual(await claimed(folder), ["00.1.claim", `${ID}.json`]);
  }));
