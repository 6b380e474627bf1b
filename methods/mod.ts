/**
 * The table of methods.
 * @module
 */
import { adapter } from "./adapter.ts";
import { bitfit } from "./bitfit.ts";
import { full } from "./full.ts";
import { handWritten } from "./hand-written.ts";
import { ia3 } from "./ia3.ts";
import { inContext } from "./in-context.ts";
import { linearProbe } from "./linear-probe.ts";
import { lnTuning } from "./ln-tuning.ts";
import { lora } from "./lora.ts";
import { pTuning } from "./p-tuning.ts";
import { prefixTuning } from "./prefix-tuning.ts";
import { promptTuning } from "./prompt-tuning.ts";
import type { Method } from "./types.ts";
import { vera } from "./vera.ts";

/** Names of the methods that come with the project. */
export type MethodName =
  | "full"
  | "linear-probe"
  | "bitfit"
  | "ln-tuning"
  | "prompt-tuning"
  | "p-tuning"
  | "prefix-tuning"
  | "lora"
  | "vera"
  | "ia3"
  | "adapter"
  | "hand-written"
  | "in-context";

const builtIn: Record<MethodName, Method> = {
  "full": full,
  "linear-probe": linearProbe,
  "bitfit": bitfit,
  "ln-tuning": lnTuning,
  "prompt-tuning": promptTuning,
  "p-tuning": pTuning,
  "prefix-tuning": prefixTuning,
  "lora": lora,
  "vera": vera,
  "ia3": ia3,
  "adapter": adapter,
  "hand-written": handWritten,
  "in-context": inContext,
};

/** Every method by name; plug-ins may add methods. */
export const methods: Record<string, Method> = { ...builtIn };
