/**
 * The script of an array.
 * @module
 */
import type { Resources } from "./resources.ts";

/** Seconds before the time limit at which Slurm warns a task, at the latest: it may do so 60 s earlier. */
export const WARNING = 90;

/** A text as one word of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The script of an array. Each task is the same program; it puts itself in the shell's place, as Slurm's warning reaches the
 * shell alone.
 * @param tasks their number
 * @param program with its arguments
 */
export function arrayScript(tasks: number, { cpus, memory }: Resources, program: readonly string[]): string {
  const options = [
    "--job-name=tunebench",
    `--array=0-${tasks - 1}`,
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpus}`,
    ...memory === undefined ? [] : [`--mem=${memory}M`],
    "--open-mode=append",
    "--requeue",
    `--signal=B:USR2@${WARNING}`,
  ];
  return [
    "#!/bin/bash",
    "# Written by deno task bench --launcher slurm. docs/slurm.md says what each task does.",
    ...options.map((option) => `#SBATCH ${option}`),
    "",
    "# What is needed of the hub was fetched before; a node may have no network.",
    "export HF_HUB_OFFLINE=1",
    "# A warning that comes before the program listens would end it.",
    "trap '' USR2",
    `exec ${program.map(quote).join(" ")}`,
    "",
  ].join("\n");
}
