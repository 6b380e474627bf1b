/**
 * Loads TensorFlow.js from the two packages that are needed of it: its core and its plain JavaScript backend.
 *
 * The CommonJS build of `@tensorflow/tfjs-core` has neither gradients nor chained operations (`x.add(y)`). They lie
 * beside it as ES modules, whose imports without file extensions only bundlers resolve. They are therefore linked here,
 * with the CommonJS build in place of everything that they import from the rest of the core. The package
 * `@tensorflow/tfjs`, which brings all of this in one bundle, takes 240 MiB more on disk.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Module, SourceTextModule, SyntheticModule } from "node:vm";
import type * as tfjs from "@tensorflow/tfjs-core";

/** What node:vm has from Node 24 on, and the types of Deno 2.9 lack: linking without waiting. */
type Linkable<T extends Module> = T & {
  moduleRequests: { specifier: string }[];
  linkRequests(modules: Module[]): void;
  instantiate(): void;
};

/** Folders of the ES modules in the package. */
const FOLDERS = ["gradients", "public/chained_ops"];
/**
 * Lists of modules, and the gradients of convolution, pooling and local response normalisation. These call functions
 * that the CommonJS build does not export, and are never needed: their kernels cannot be traced.
 */
const SKIPPED = /^register_all|(Conv|Pool|LRN).*_grad|_test/;

/** A module that exports the CommonJS build under the names by which the modules of the core import each other. */
function wrapCore(core: typeof tfjs): Linkable<SyntheticModule> {
  const values: Record<string, unknown> = {
    ...core.image,
    ...core.util,
    ...core.backend_util,
    ...core.slice_util,
    ...core.broadcast_util,
    ...core,
    ENGINE: core.engine(),
    getGlobalTensorClass: () => core.Tensor,
  };
  return new SyntheticModule(Object.keys(values), function () {
    for (const [name, value] of Object.entries(values)) this.setExport(name, value);
  }) as Linkable<SyntheticModule>;
}

/** Registers the gradients with the core, and adds the chained operations to its class of tensors. */
function addGradientsAndChainedOps(core: typeof tfjs, folder: string): void {
  const modules = new Map<string, Linkable<SourceTextModule>>();
  for (const name of FOLDERS) {
    for (const file of readdirSync(join(folder, name))) {
      if (!file.endsWith(".js") || SKIPPED.test(file)) continue;
      const path = join(folder, name, file);
      const module = new SourceTextModule(readFileSync(path, "utf8"), { identifier: path });
      modules.set(path, module as Linkable<SourceTextModule>);
    }
  }
  const rest = wrapCore(core);
  for (const [path, module] of modules) {
    const resolve = (specifier: string) => modules.get(`${join(dirname(path), specifier)}.js`) ?? rest;
    module.linkRequests(module.moduleRequests.map(({ specifier }) => resolve(specifier)));
  }
  for (const [path, module] of modules) {
    module.instantiate();
    // Done when the call returns: none of the modules awaits anything.
    module.evaluate();
    if (module.status !== "evaluated") throw module.error;
    if (path.endsWith("_grad.js")) core.registerGradient(Object.values(module.namespace)[0] as tfjs.GradConfig);
  }
}

/** TensorFlow.js with the backend `cpu` as the current one. */
export function loadTfjs(): typeof tfjs {
  const require = createRequire(import.meta.url);
  const core = require("@tensorflow/tfjs-core") as typeof tfjs;
  addGradientsAndChainedOps(core, dirname(require.resolve("@tensorflow/tfjs-core")));
  require("@tensorflow/tfjs-backend-cpu");
  // Asked for before a backend is set, tfjs prints advice about tfjs-node.
  core.env().set("IS_NODE", false);
  core.env().set("PROD", true);
  core.setBackend("cpu");
  return core;
}
