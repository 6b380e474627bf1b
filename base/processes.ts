/**
 * Looking at processes that this one has not started.
 * @module
 */

/** The program with which that is done: Deno keeps /proc for itself, and small containers have no ps. */
export const PROCESS_VIEWER: string = Deno.build.os === "linux" ? "cat" : "ps";

/** Seconds that a process has spent on processors; undefined where there is no such process, and on Windows. */
export async function processorSeconds(pid: number): Promise<number | undefined> {
  if (Deno.build.os === "windows") return undefined;
  const args = Deno.build.os === "linux" ? [`/proc/${pid}/stat`] : ["-o", "time=", "-p", String(pid)];
  const { stdout } = await new Deno.Command(PROCESS_VIEWER, { args, stderr: "null" }).output();
  const text = new TextDecoder().decode(stdout);
  if (Deno.build.os !== "linux") {
    // Hours where there are any, minutes, seconds.
    return text.trim() === "" ? undefined : text.trim().split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  }
  // After the name in parentheses, fields 14 and 15: in user and in kernel mode, in hundredths of a second (proc(5)).
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.length < 13 ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Whether a process of this machine runs; on Windows it may have ended. */
export async function isAlive(pid: number): Promise<boolean> {
  return Deno.build.os === "windows" || await processorSeconds(pid) !== undefined;
}
