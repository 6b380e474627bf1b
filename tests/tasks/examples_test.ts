import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { byHash, uniqueUnambiguous } from "../../tasks/examples.ts";

Deno.test("of equal texts the first is kept, and none if their labels differ", () => {
  const examples = [
    { id: "0", text: "Great.", label: 1 },
    { id: "1", text: "Odd.", label: 0 },
    { id: "2", text: "GREAT.", label: 1 },
    { id: "3", text: "odd.", label: 1 },
    { id: "4", text: "great", label: 0 },
  ];
  assert.deepEqual(uniqueUnambiguous(examples).map(({ id }) => id), ["0", "4"]);
});

Deno.test("the order by hash does not depend on the order given", () => {
  const examples = ["a", "b", "c", "d"].map((id) => ({ id, text: id, label: 0 }));
  const order = byHash(examples);
  assert.deepEqual(byHash(examples.toReversed()), order);
  const hashes = order.map(({ id }) => createHash("sha256").update(id).digest("hex"));
  assert.deepEqual(hashes, hashes.toSorted());
});
