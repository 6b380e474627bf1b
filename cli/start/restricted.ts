/**
 * A command in the process that main.ts has started for it.
 * @module
 */
import { runProgram } from "./run-program.ts";

/** Milliseconds between two looks at the process that started this one. */
const LOOK_EVERY = 1000;

// Whoever ends that process alone, by SIGKILL, means the command.
const starter = Deno.ppid;
Deno.unrefTimer(setInterval(() => {
  if (Deno.ppid !== starter) Deno.exit(143);
}, LOOK_EVERY));

await runProgram();
