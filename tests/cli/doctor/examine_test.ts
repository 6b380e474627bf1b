import assert from "node:assert/strict";
import { lookAtDeno, lookAtPackages } from "../../../cli/doctor/examine.ts";
import { inFolder } from "../../in-folder.ts";

Deno.test("doctor refuses a Deno that is too old, and says what brings a newer one", () => {
  for (const version of ["1.46.3", "2.8.9"]) {
    const { state, text } = lookAtDeno(version);
    assert.equal(state, "fault");
    assert.match(text, /npm install -g deno/);
  }
  for (const version of ["2.9.0", "2.10.1", "3.0.0"]) assert.equal(lookAtDeno(version).state, "ok", version);
});

Deno.test("doctor names packages of another version, missing ones, and those that the lock does not have", () =>
  inFolder({ "a/package.json": { version: "1.0.0" }, "b/package.json": { version: "1.0.0" } }, async (folder) => {
    const imports = { a: "npm:a@1.0.0", b: "npm:b@2.0.0", "@c/d": "npm:@c/d@1.0.0" };
    const locked = { "npm:a@1.0.0": "1.0.0", "npm:b@2.0.0": "2.0.0" };
    const { state, text } = await lookAtPackages(imports, locked, folder);
    assert.equal(state, "fault");
    assert.match(
      text,
      /^b must be 2\.0\.0, it is 1\.0\.0; @c\/d must be 1\.0\.0, it is not there; deno\.lock does not have npm:@c\/d@1\.0\.0: /,
    );
    assert.equal((await lookAtPackages({ a: imports.a }, locked, folder)).state, "ok");
  }));
