/**
 * The command doctor: looks at the installation and says how to mend what is wrong.
 * @module
 */
import { counted, visible } from "../base/errors.ts";
import { type AddCommand, type CacheFlags, useCache, withCacheFlags } from "./command.ts";

interface DoctorFlags extends CacheFlags {
  hub?: true;
}

/** Adds the command. */
export const addDoctor: AddCommand = (program, setStatus) => {
  const command = program.command("doctor")
    .description("look at the installation, and say how to mend each fault")
    .option("--hub", "also try to reach the hub");
  withCacheFlags(command).action(async (flags: DoctorFlags) => setStatus(await runDoctor(flags)));
};

async function runDoctor(flags: DoctorFlags): Promise<number> {
  useCache(flags);
  const { examine } = await import("./doctor/examine.ts");
  let faults = 0;
  for await (const { name, state, text } of examine(flags.hub === true)) {
    if (state === "fault") faults++;
    console.log(`${state.padEnd(5)}  ${name}: ${visible(text)}`);
  }
  if (faults > 0) console.error(`Cannot work so: ${counted(faults, "fault")} must be mended`);
  return faults === 0 ? 0 : 1;
}
