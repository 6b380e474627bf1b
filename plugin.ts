/**
 * What plug-ins are made of: definitions of methods, tasks and models, and the helpers that the built-in ones have.
 * See docs/plugins.md.
 * @module
 */
export { defineMethod, defineModel, defineTask } from "./runs/plugins/define.ts";
export { Random } from "./base/random.ts";
export { type Tensor, type Tensors, tf } from "./engine/tensor.ts";
export { type NamedArray, readSafetensors, writeSafetensors } from "./engine/safetensors.ts";
export { commonOptions, commonSpace } from "./methods/shared/options.ts";
export { drawn, normal, uniform } from "./methods/shared/parameter.ts";
export { linear, linearParameters } from "./methods/shared/linear.ts";
export { sitesOf } from "./methods/shared/sites.ts";
export { cachedFile } from "./models/cache.ts";
export { linearMaps } from "./models/layers/linear-maps.ts";
export { uniqueUnambiguous } from "./tasks/examples.ts";
export { readTaskFile, readTaskFileBytes, readTsv } from "./tasks/task-files.ts";
export type { ArrayValue, InputSpec, ProgramArguments, StoredTensor } from "./engine/types.ts";
export type * from "./methods/types.ts";
export type * from "./models/types.ts";
export type * from "./tasks/types.ts";
