import assert from "node:assert/strict";
import { parseDescription } from "../../../tasks/described/described.ts";
import { columnsOf } from "../../../tasks/described/fields.ts";
import { datasetOf } from "../../../tasks/described/hub-files.ts";
import { hubDescriptions } from "../../../tasks/hub/mod.ts";
import { tasks } from "../../../tasks/mod.ts";
import { layouts } from "./layouts.ts";

Deno.test("every description in the folder has a row in the table, a layout in the tests, and the form of the schema", async () => {
  const folder = new URL("../../../tasks/hub/", import.meta.url);
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    const description = parseDescription(JSON.parse(await Deno.readTextFile(new URL(name, folder))));
    assert.equal(name, `${description.name!.replaceAll("/", "-")}.json`);
    assert.deepEqual(description, hubDescriptions[description.name!]);
    names.push(description.name!);
  }
  assert.deepEqual(names.sort(), Object.keys(hubDescriptions).sort());
  assert.deepEqual(names, Object.keys(layouts).sort());
});

Deno.test("every description names columns that its data set has, and the classes of these in their order", () => {
  for (const [name, description] of Object.entries(hubDescriptions)) {
    const { columns, labels } = description;
    const layout = layouts[name];
    const missing = Object.values(columns).flat().flatMap(columnsOf).filter((column) => !Object.hasOwn(layout, column));
    assert.deepEqual(missing, [], name);
    if (description.kind) continue;
    const kind = layout[String(columns.label)];
    if (Array.isArray(labels)) assert.deepEqual({ texts: labels }, kind, name);
    else assert.deepEqual(Object.keys(labels!), (kind as string[]).map((_, at) => String(at)), name);
  }
});

Deno.test("a description has a licence, a citation, published numbers of its splits, and a rule where test labels are secret", () => {
  for (const [name, description] of Object.entries(hubDescriptions)) {
    const { published, splits, licence, citation } = description;
    assert.ok(licence && citation, name);
    if (published) assert.deepEqual(Object.keys(published).sort(), Object.keys(splits!).sort(), name);
    const secret = /^(super)?glue\//.test(name);
    assert.equal(tasks[name].rule !== undefined && splits!.test !== "test", secret, name);
    assert.ok(!secret || !datasetOf(description)!.splits.some((split) => split.startsWith("test")), name);
  }
});
