import assert from "node:assert/strict";
import { tensorflow } from "../../../engine/devices/tensorflow.ts";
import { tf } from "../../../engine/tensor.ts";

const VARIABLE = "TUNEBENCH_TFJS_NODE";

/** Files of a node_modules folder. */
type Modules = Record<string, string>;

function manifest(version: string): string {
  return JSON.stringify({ version, main: "index.js" });
}

/** Calls `work` with the variable naming a folder that holds these modules; without modules, it is unset. */
async function withFolder<T>(modules: Modules | undefined, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get(VARIABLE);
  try {
    for (const [path, text] of Object.entries(modules ?? {})) {
      const file = `${folder}/node_modules/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    if (modules) Deno.env.set(VARIABLE, folder);
    else Deno.env.delete(VARIABLE);
    return await work(folder);
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
    await Deno.remove(folder, { recursive: true });
  }
}

const cpuPackage = "@tensorflow/tfjs-node";
const gpuPackage = "@tensorflow/tfjs-node-gpu";

const missing: [string, Modules | undefined, RegExp][] = [
  ["no folder is named", undefined, /^The variable TUNEBENCH_TFJS_NODE must name a folder .*, but it is not set$/],
  [
    "the folder holds no package",
    {},
    /holds neither @tensorflow\/tfjs-node-gpu nor @tensorflow\/tfjs-node: npm install/,
  ],
  [
    "the package has another version",
    { [`${cpuPackage}/package.json`]: manifest("4.21.0") },
    /^@tensorflow\/tfjs-node must have the version of @tensorflow\/tfjs-core, 4\.22\.0, but in .* it is 4\.21\.0: npm install/,
  ],
  [
    "of two packages the one for cards is wrong",
    { [`${cpuPackage}/package.json`]: manifest("4.22.0"), [`${gpuPackage}/package.json`]: manifest("3.0.0") },
    /^@tensorflow\/tfjs-node-gpu must have the version/,
  ],
  [
    "the package has no native library",
    {
      "@tensorflow/tfjs/package.json": manifest("4.22.0"),
      "@tensorflow/tfjs/index.js": `throw new Error("a second tfjs was loaded");`,
      [`${cpuPackage}/package.json`]: manifest("4.22.0"),
      [`${cpuPackage}/index.js`]: `
        const tf = require("@tensorflow/tfjs");
        tf.scalar(1).add(1).dispose();
        tf.registerCallbackConstructor(1, class extends tf.CustomCallback {});
        throw new Error("tfjs_binding.node can not be found. \\nPlease do this and that");`,
    },
    /^The native library of @tensorflow\/tfjs-node cannot be loaded \(tfjs_binding\.node can not be found\): npm rebuild/,
  ],
];

for (const [what, modules, message] of missing) {
  Deno.test(`where ${what}, tensorflow is unusable and says why in one sentence`, () =>
    withFolder(modules, async (folder) => {
      const report = await tensorflow.inspect();
      assert.match(report.unusable!, message);
      assert.doesNotMatch(report.unusable!, /\n/);
      if (modules) assert.ok(report.unusable!.includes(folder));
      assert.equal(report.hardware.value, null);
      await assert.rejects(
        tensorflow.compile(() => ({}), { weights: {}, parameters: {}, inputs: {} }, { threads: 1 }),
        {
          message: `Cannot use device tensorflow: ${report.unusable}`,
        },
      );
      assert.equal(tf.getBackend(), "cpu");
    }));
}
