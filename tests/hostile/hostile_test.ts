/**
 * Hostile inputs of every kind of file, made from valid ones with a seed: each is read, or refused in one sentence. A small share is
 * read by default; `deno task test:hostile` reads all.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { shownMessage } from "../../base/errors.ts";
import { readLines } from "../../base/files.ts";
import type { Answered } from "./read-inputs.ts";

const COUNT = Deno.env.has("TUNEBENCH_HOSTILE") ? 3000 : 100;
/** Milliseconds in which an input is answered. The first also waits for the process to start. */
const LONGEST = 10_000;
const START = 60_000;
/** Bytes of memory that a process may take: what it has at its start and 1 GiB. */
const MEMORY = 1.5 * 2 ** 30;

/** Greatest resident memory of a process in bytes; 0 where the system does not say. */
async function peakOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
}

function check({ at, kind, refused }: Answered): void {
  if (!refused) return;
  const { class: name, message, stack } = refused;
  const input = `input ${at}, ${kind}: ${name}: ${message.slice(0, 1000)}\n${stack.slice(0, 2000)}`;
  assert(["Error", "UsageError", "HubRefusal"].includes(name), input);
  assert.match(shownMessage({ message }), /^Cannot \P{Cc}{1,4001}$/u, input);
  assert.doesNotMatch(message, /\n\s+at |[\p{Cc}\u202a-\u202e]/u, input);
}

Deno.test(`${COUNT} hostile inputs over all kinds of files are each read or refused in one sentence, in time and memory`, async () => {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      fileURLToPath(new URL("./read-inputs.ts", import.meta.url)),
      "0",
      `${COUNT}`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let answers = 0;
  let peak = 0;
  const end = () => process.kill("SIGKILL");
  let timer = setTimeout(end, START);
  for await (const line of readLines(process.stdout)) {
    clearTimeout(timer);
    timer = setTimeout(end, LONGEST);
    const answered: Answered = JSON.parse(line);
    assert.equal(answered.at, answers++);
    if (answers % 20 === 0) peak = Math.max(peak, await peakOf(process.pid));
    check(answered);
  }
  clearTimeout(timer);
  const { code } = await process.status;
  assert.equal(answers, COUNT, `input ${answers} was not answered in ${LONGEST} ms, or ended the process (${code})`);
  assert.equal(code, 0);
  assert(peak < MEMORY, `${peak} bytes`);
});
