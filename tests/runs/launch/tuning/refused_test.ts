import assert from "node:assert/strict";
import { UsageError } from "../../../../base/errors.ts";
import { methods } from "../../../../methods/mod.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { parseTrials } from "../../../../runs/study/tuning/space.ts";
import { parseStudy } from "../../../../runs/study/study.ts";
import { refused } from "../small-study.ts";

const unread = (tuning: unknown, message: RegExp) =>
  assert.throws(
    () => parseStudy({ tuning }, presets.quick.study),
    (error) => error instanceof UsageError && message.test(error.message) || assert.fail((error as Error).message),
  );
const spaces = <T>(lora: T) => ({ trials: 2, spaces: { lora } });

Deno.test("a number of trials that makes no sense is refused, in a study and as a flag", () => {
  for (const trials of [0, 1, -3, 2.5, 1001, "4", null]) {
    unread({ trials }, /^Cannot read the study: tuning\.trials must be a (whole )?number.*, current value is /);
  }
  for (const text of ["0", "1", "2.5", "1001", "-3", "x", "", "99999999999"]) {
    assert.throws(() => parseTrials(text), {
      name: "UsageError",
      message: `Cannot read --tune: it must be a whole number from 2 to 1000, current value is ${text}`,
    });
  }
  assert.equal(parseTrials("8"), 8);
});

Deno.test("a range or a list that cannot be is refused when the study is read", () => {
  const at = String.raw`^Cannot read the study: tuning\.spaces\.lora\.\w+`;
  unread(spaces({ rank: { from: 8, to: 2 } }), new RegExp(`${at} must be a range whose from is below its to`));
  unread(spaces({ learningRate: { from: 0, to: 1, log: true } }), new RegExp(`${at} must be a range from above 0`));
  unread(spaces({ rank: [4] }), new RegExp(`${at} must be a list of at least two different values`));
  unread(spaces({ rank: [4, 4] }), new RegExp(`${at} must be a list of at least two different values`));
  unread(
    spaces({ rank: 4 }),
    new RegExp(`${at} must be a list of values or \\{"from": number, "to": number\\}, current value is 4`),
  );
  unread(spaces({ rank: { from: 1, too: 2 } }), new RegExp(`${at}.*`));
});

Deno.test("a space of an unknown method or option is refused with the nearest name", async () => {
  await refused(
    { tuning: spaces({ rnk: [2, 4] }) },
    /^Cannot tune lora with rnk 2 in its space: there is no key rnk, the nearest name is rank$/,
  );
  await refused(
    { tuning: { trials: 2, spaces: { lorra: { rank: [2, 4] } } } },
    /^Cannot find method of the study lorra: the nearest name is lora$/,
  );
});

Deno.test("a space with a value that the method or the model refuses is refused before anything is trained", async () => {
  await refused(
    { tuning: spaces({ rank: [4, 100_000] }) },
    /^Cannot tune lora with rank 100000 in its space: rank must be at most 512.*, current value is 100000$/,
  );
  await refused(
    { tuning: spaces({ dropout: { from: 0, to: 1 } }) },
    /^Cannot tune lora with dropout 1 in its space: dropout must be less than 1, current value is 1$/,
  );
});

Deno.test("an option that is tuned must have no grid", async () => {
  const message = /^Cannot tune lora: (rank|epochs) must be tuned or have a grid, it is in the space and has a grid/;
  await refused({ methods: [{ lora: { rank: { grid: [2, 4] } } }], tuning: { trials: 2 } }, message);
  await refused({ training: { epochs: { grid: [1, 2] } }, tuning: { trials: 2 } }, message);
});

Deno.test("a method without a space, trials that are tuned, and too many trials are refused", async () => {
  methods["spaceless"] = { ...methods.bitfit, name: "spaceless", space: undefined };
  try {
    await refused(
      { methods: ["spaceless"], tuning: { trials: 2 } },
      /^Cannot tune spaceless: it must declare a space, or the study must give it one in tuning\.spaces, it has none$/,
    );
  } finally {
    delete methods["spaceless"];
  }
  await refused({ trial: true, tuning: { trials: 2 } }, /^Cannot tune trials: /);
  await refused(
    { seeds: [...Array(1000).keys()], tuning: { trials: 1000 } },
    /^Cannot run the study: it must have at most 1000000 cells, current value is 1001000$/,
  );
});
