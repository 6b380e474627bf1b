import assert from "node:assert/strict";
import { readGgufHeader, rowBytes } from "../../../models/gguf/file.ts";
import { golden, valuesOf } from "./fixture.ts";

Deno.test("blocks of every type have the values that the Python package gguf gives them", async () => {
  const path = golden("types.gguf");
  const bytes = await Deno.readFile(path);
  const expected = await valuesOf(golden("types.safetensors"));
  const { tensors } = await readGgufHeader(path);
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(tensors)) {
    assert.equal(tensor.type.name, name);
    const values = new Float32Array(expected[name].length);
    const size = tensor.shape[0] * rowBytes(tensor);
    tensor.type.dequantise(bytes.slice(tensor.offset, tensor.offset + size), values);
    // A zero may have either sign.
    values.forEach((value, at) =>
      assert(value === expected[name][at], `${name} ${at}: ${value}, ${expected[name][at]}`)
    );
  }
});
