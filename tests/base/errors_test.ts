import assert from "node:assert/strict";
import {
  asUsageError,
  counted,
  lookUp,
  nearest,
  shorten,
  shownMessage,
  showValue,
  UsageError,
  visible,
} from "../../base/errors.ts";

const names = ["lora", "full", "prompt-tuning", "p-tuning", "prefix-tuning"];

Deno.test("the nearest name is the one with the fewest edits, whatever the case of letters", () => {
  const typed = ["lroa", "Full", "promt-tuning", "ptuning", "prefix"];
  assert.deepEqual(typed.map((name) => nearest(name, names)), names);
});

Deno.test("an unknown name is refused with the nearest one, and an inherited key is no name", () => {
  assert.equal(lookUp("method", { lora: 1 }, "lora"), 1);
  assert.throws(() => lookUp("method", { lora: 1, full: 2 }, "lor"), {
    name: "UsageError",
    message: "Cannot find method lor: the nearest name is lora",
  });
  assert.throws(() => lookUp("method", { lora: 1 }, "toString"), UsageError);
});

Deno.test("an error becomes a usage error with its message, but a TypeError stays what it is", async () => {
  await assert.rejects(asUsageError(() => Promise.reject(new RangeError("Cannot read it"))), {
    name: "UsageError",
    message: "Cannot read it",
  });
  const mistake = () => {
    throw new TypeError("a mistake of the program");
  };
  await assert.rejects(asUsageError(mistake), { name: "TypeError" });
});

Deno.test("a value is shown as JSON and cut where it is long", () => {
  assert.deepEqual([showValue("a"), showValue([1]), showValue(undefined)], ['"a"', "[1]", "missing"]);
  assert.equal(showValue("x".repeat(200)), `"${"x".repeat(99)}…`);
});

Deno.test("a part of a name between slashes is near, and where nothing is near every name is listed", () => {
  const table = { "rte": 0, "sentiment/imdb": 1, "sentiment/yelp": 2 };
  assert.throws(() => lookUp("task", table, "imdb"), {
    message: "Cannot find task imdb: the nearest name is sentiment/imdb",
  });
  assert.throws(() => lookUp("task", table, "sst2"), {
    message: "Cannot find task sst2: it must be one of rte, sentiment/imdb, sentiment/yelp",
  });
  assert.throws(() => lookUp("task", table, "rtee", "it may be another"), {
    message: "Cannot find task rtee: the nearest name is rte; it may be another",
  });
});

Deno.test("a number is said with its noun, one or many", () => {
  assert.deepEqual([0, 1, 2].map((count) => counted(count, "cell")), ["0 cells", "1 cell", "2 cells"]);
});

Deno.test("control and direction characters of a text are visible, and other letters stay as they are", () => {
  assert.equal(
    visible("\x1b[31mred\x07\r\n\t\x9b\u202eabc\u2028\ud800"),
    "\\u001b[31mred\\u0007\\r\\n\\t\\u009b\\u202eabc\\u2028\\ud800",
  );
  assert.equal(visible("naïve 中文 👩‍💻 نص"), "naïve 中文 👩‍💻 نص");
  const value = { a: "\x7f\u202e\x9b\n" };
  assert.deepEqual(JSON.parse(visible(JSON.stringify(value))), value);
});

Deno.test("a text of others is cut between characters, and so is a message, however long what it quotes", () => {
  assert.equal(shorten("a😀b", 2), "a…");
  assert.equal(shorten("\x1b".repeat(200), 2), "\\u001b\\u001b…");
  assert.ok(shownMessage(new Error(`Cannot read ${"x".repeat(1e6)}`)).length < 5000);
  assert.throws(() => lookUp("method", { lora: 1 }, "\x1b".repeat(1e6)), ({ message }: Error) => {
    // deno-lint-ignore no-control-regex
    return message.length < 1000 && !/[\x00-\x1f]/.test(message);
  });
});
