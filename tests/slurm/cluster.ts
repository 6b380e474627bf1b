/**
 * A Slurm cluster of two nodes with one processor each, on this machine, of Debian's packages slurmctld, slurmd and slurm-client.
 * @module
 */
import os from "node:os";

/** Whether there can be one: the daemons are installed, and this user may run jobs as itself. */
export const canRunSlurm: boolean = Deno.build.os === "linux" && Deno.uid() === 0 &&
  ["slurmctld", "slurmd", "sbatch"].every((program) =>
    new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" }).outputSync().success
  );

/** Milliseconds to wait for what takes seconds on a quiet machine. */
const LONGEST_WAIT = 180_000;

/** Free ports of this machine. */
function freePorts(count: number): number[] {
  const listeners = Array.from({ length: count }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}

/** No accounting and no authentication: nobody else can reach it. Jobs of the partition "first" push those of "all" aside. */
function configure(folder: string): string {
  const host = os.hostname().split(".")[0];
  const [control, ...ports] = freePorts(3);
  return `
ClusterName=tunebench
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${control}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool.%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
MaxArraySize=3
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
${
    ports.map((port, at) =>
      `NodeName=n${at + 1} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=1 RealMemory=4000`
    ).join("\n")
  }
PartitionName=all Nodes=ALL Default=YES State=UP PriorityTier=1 GraceTime=30
PartitionName=first Nodes=ALL State=UP PriorityTier=10 PreemptMode=OFF
`;
}

/** A running cluster. */
export class Cluster implements AsyncDisposable {
  private constructor(
    private readonly daemons: Readonly<Record<string, Deno.ChildProcess>>,
    /** The file of its configuration, for the variable SLURM_CONF. */
    readonly config: string,
  ) {}

  /** Starts a cluster whose files lie in a folder, and waits until both nodes are idle. */
  static async start(folder: string): Promise<Cluster> {
    const config = `${folder}/slurm.conf`;
    await Deno.writeTextFile(config, configure(folder));
    for (const name of ["state", "spool.n1", "spool.n2"]) await Deno.mkdir(`${folder}/${name}`);
    const start = (program: string, ...args: string[]) =>
      new Deno.Command(program, { args: ["-D", ...args], env: { SLURM_CONF: config }, stdout: "null", stderr: "null" })
        .spawn();
    const daemons = {
      control: start("slurmctld", "-c"),
      n1: start("slurmd", "-N", "n1"),
      n2: start("slurmd", "-N", "n2"),
    };
    const cluster = new Cluster(daemons, config);
    await cluster.until(
      "two idle nodes",
      async () => await cluster.call("sinfo", "--noheader", "--format=%D %T") === "2 idle",
    );
    return cluster;
  }

  /** What a command of Slurm prints; an empty text where it fails. */
  async call(program: string, ...args: string[]): Promise<string> {
    const { success, stdout } = await new Deno.Command(program, {
      args,
      env: { SLURM_CONF: this.config },
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  }

  /** Waits for a condition. @throws {Error} with what Slurm says, if it does not hold within minutes */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = performance.now() + LONGEST_WAIT; !await holds();) {
      if (performance.now() > end) {
        const said = await Promise.all([this.call("sinfo"), this.call("squeue")]);
        throw new Error([`waited in vain for ${what}`, ...said].join("\n"));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The processes of the jobs on a node: those above the batch script first, which tell Slurm of its end. */
  async #processesOn(node: string): Promise<number[]> {
    const { stdout } = await new Deno.Command("ps", { args: ["axeww", "-o", "pid=,ppid=,command="] }).output();
    const ours = new TextDecoder().decode(stdout).split("\n").filter((line) =>
      line.includes(`SLURMD_NODENAME=${node}`) && line.includes(`SLURM_CONF=${this.config}`)
    ).map((line) => line.trim().split(/\s+/).slice(0, 2).map(Number));
    const pids = ours.map(([pid]) => pid);
    return [...new Set([...ours.map(([, parent]) => parent).filter((pid) => pid > 1 && !pids.includes(pid)), ...pids])];
  }

  /** Ends a node at once with all that runs on it, as a power cut does, and has Slurm notice. */
  async lose(node: "n1" | "n2"): Promise<void> {
    this.daemons[node].kill("SIGKILL");
    for (const pid of await this.#processesOn(node)) killIfThere(pid);
    await this.call("scontrol", "update", `NodeName=${node}`, "State=DOWN", "Reason=lost");
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of Object.values(this.daemons)) killIfThere(daemon.pid);
    await Promise.all(Object.values(this.daemons).map(({ status }) => status));
    for (const node of ["n1", "n2"]) for (const pid of await this.#processesOn(node)) killIfThere(pid);
  }
}

/** Kills a process that may have ended. */
function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
