/**
 * The command list: shows what a study may name.
 * @module
 */
import { lookUp } from "../base/errors.ts";
import { type AddCommand, withPlugins } from "./command.ts";

/** Adds the command. */
export const addList: AddCommand = (program, setStatus) => {
  const command = program.command("list")
    .description("show what a study may name")
    .argument("[table]", "models, methods, tasks, presets or devices (which are looked at); all if left out");
  withPlugins(command)
    .option("--json", "everything known, as JSON")
    .action(async (table: string | undefined, { json, plugin }: { json?: true; plugin?: string[] }) =>
      setStatus(await runList(table, json === true, plugin))
    );
};

async function runList(table: string | undefined, json: boolean, plugins: readonly string[] = []): Promise<number> {
  const { listings } = await import("./output/listings.ts");
  // Devices are inspected only if nothing else is listed, as inspecting them loads their libraries.
  if (table === "devices") {
    await showDevices(json);
    return 0;
  }
  const chosen = table === undefined ? listings : { [table]: lookUp("table", listings, table) };
  const provided = plugins.length === 0
    ? []
    : await (await import("../runs/launch/plugins/list-plugins.ts")).listPlugins(plugins);
  const listed = Object.entries(chosen).map(([name, list]) => {
    const own = provided.filter(({ kind }) => name === `${kind}s`).map(({ listed }) => listed);
    return [name, [...list(), ...own]] as const;
  });
  if (json) {
    console.log(JSON.stringify(Object.fromEntries(listed), null, 2));
    return 0;
  }
  const width = Math.max(...listed.flatMap(([, entries]) => entries.map(({ name }) => name.length)));
  for (const [name, entries] of listed) {
    console.log(name);
    for (const entry of entries) console.log(`  ${entry.name.padEnd(width)}  ${entry.description}`);
  }
  return 0;
}

async function showDevices(json: boolean): Promise<void> {
  const { describeDevice, listDevices } = await import("./output/listings.ts");
  const inspected = await listDevices();
  if (json) {
    console.log(JSON.stringify({ devices: inspected }, null, 2));
    return;
  }
  for (const { name, description, report } of inspected) {
    console.log([`${name}: ${description}`, ...describeDevice(report).map((line) => `  ${line}`)].join("\n"));
  }
}
