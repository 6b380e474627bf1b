import assert from "node:assert/strict";
import { models } from "../../models/mod.ts";

Deno.test("each model of the table has the name that it stands under", () => {
  assert.deepEqual(Object.entries(models).map(([name, model]) => [name, model.name]), [["use-lite", "use-lite"]]);
});
