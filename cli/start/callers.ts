/**
 * The programs that this one was started through: deno task, and npx before it. One that is ended alone cannot hand on a
 * signal, so this program would go on unseen.
 * @module
 */

/** Milliseconds between two looks. */
const LOOK_EVERY = 2000;
/** Most programs between npx and this one: a shell, deno, its installer's program and main.ts's program. */
const FARTHEST = 6;

/** A process and the one that started it. */
interface Link {
  pid: number;
  parent: number;
}

/**
 * Calls `end` once when deno task or npx, through which this program was started, is gone. Whoever starts it another way,
 * and whatever started those two, may end: a terminal, after nohup. Not on Windows, where a process does not learn of its parent's end.
 */
export function whenCallersEnd(end: () => void): void {
  // Deno task sets this variable.
  if (Deno.build.os === "windows" || !Deno.env.has("INIT_CWD")) return;
  const links = findLinks();
  const timer = setInterval(() => {
    const holds = ({ pid, parent }: Link) => (pid === Deno.pid ? Deno.ppid : look(pid)?.parent) === parent;
    if (links.every(holds)) return;
    clearInterval(timer);
    end();
  }, LOOK_EVERY);
  Deno.unrefTimer(timer);
}

/** The links from this process up to npx, or to deno task alone. */
function findLinks(): Link[] {
  const links: Link[] = [{ pid: Deno.pid, parent: Deno.ppid }];
  for (let { parent } = links[0]; links.length < FARTHEST;) {
    const caller = look(parent);
    if (!caller) break;
    // npx names its process "npm exec", whatever started it.
    if (caller.command.startsWith("npm ")) return links;
    links.push({ pid: parent, parent: caller.parent });
    parent = caller.parent;
  }
  return links.slice(0, 1);
}

/** Parent and command line of a process; undefined if it is gone. */
function look(pid: number): { parent: number; command: string } | undefined {
  // Deno keeps /proc for itself, and small containers have no ps.
  const [program, args, form] = Deno.build.os === "linux"
    ? ["cat", [`/proc/${pid}/stat`, `/proc/${pid}/cmdline`], /\) \S (?<parent>\d+) [-\d ]+\n(?<command>.*)/] as const
    : ["ps", ["-o", "ppid=,command=", "-p", `${pid}`], /^\s*(?<parent>\d+)\s+(?<command>.*)/] as const;
  const { stdout } = new Deno.Command(program, { args: [...args], stderr: "null" }).outputSync();
  const found = form.exec(new TextDecoder().decode(stdout))?.groups;
  return found && { parent: Number(found.parent), command: found.command };
}
