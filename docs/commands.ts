/**
 * The commands, as deno.json and the command line's own parser know them.
 * @module
 */
import type { Command } from "commander";
import { createProgram } from "../cli/program.ts";
import config from "../deno.json" with { type: "json" };
import { code, plain, table } from "./markdown.ts";

const tasks: Record<string, { description: string; command: string }> = config.tasks;
const sets: Record<string, Record<string, boolean | string[] | { allow: string[] }>> = config.permissions;

/** The permissions of a set: "read, write, net (127.0.0.1)". */
function permissionsOf(set: string): string {
  // Each command is started once more, with permissions that follow from its arguments.
  if (set === "command") return "[what it names](security.md#commands)";
  return Object.entries(sets[set]).map(([name, value]) => {
    const names = Array.isArray(value) ? value : typeof value === "object" ? value.allow : [];
    return names.length > 0 ? `${name} (${names.map(plain).join(", ")})` : name;
  }).join(", ");
}

/** Every `deno task`, what it does, and what it may. */
export function commandTable(): string {
  const rows = Object.entries(tasks).map(([name, { description, command }]) => {
    const set = /-P=([\w-]+)/.exec(command)?.[1];
    return [code(name), description, set === undefined ? "–" : permissionsOf(set)];
  });
  return table(["`deno task`", "what it does", "permissions"], rows);
}

/** Commands that do something, those of others included: "adapter merge". One that does something by itself has arguments or flags. */
function active(command: Command, names: readonly string[] = []): [string, Command][] {
  const inner = command.commands.flatMap((inner) => active(inner, [...names, inner.name()]));
  const isActive = inner.length === 0 || command.registeredArguments.length > 0;
  return isActive ? [[names.join(" "), command], ...inner] : inner;
}

/** A section for each command, with its arguments and flags. */
export function describeCommands(): string {
  return active(createProgram(() => {})).map(([name, command]) => {
    const help = command.createHelp();
    const rows = [
      ...command.registeredArguments.map((argument) => [
        code(help.argumentTerm(argument)),
        plain(help.argumentDescription(argument)),
      ]),
      ...command.options.map((option) => [code(option.flags), plain(help.optionDescription(option))]),
    ];
    const usage = command.registeredArguments.map((argument) =>
      argument.required
        ? `<${argument.name()}${argument.variadic ? "..." : ""}>`
        : `[${argument.name()}${argument.variadic ? "..." : ""}]`
    );
    return [
      `### ${name}`,
      code(["deno task", name, ...usage, "[flags]"].join(" ")),
      table(["argument or flag", "meaning"], rows),
    ].join("\n\n");
  }).join("\n\n");
}
