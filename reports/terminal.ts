/**
 * Results for the terminal.
 * @module
 */
import CliTable from "cli-table3";
import { visible } from "../base/errors.ts";
import { formatScore } from "./format.ts";
import type { Protocol, Results } from "./results.ts";
import { tableOf } from "./table.ts";

/** A table for each protocol, as plain text without escape sequences. */
export function renderTerminal({ protocols }: Results): string {
  return protocols.map(renderProtocol).join("\n");
}

function renderProtocol(protocol: Protocol): string {
  const [{ task, model, majority, metric }] = protocol.settings;
  const { header, rows, align } = tableOf(protocol, { text: visible, best: (score) => `* ${score}` });
  const table = new CliTable({
    head: header,
    colAligns: align,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    chars: {
      "top": "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      "bottom": "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      "left": "",
      "left-mid": "",
      "right": "",
      "right-mid": "",
      "mid": "",
      "mid-mid": "",
      "middle": "  ",
    },
  });
  table.push(...rows);
  const notes = [
    ...majority === null ? [] : [`majority ${formatScore(majority, metric.unit)}`],
    ...protocol.settings.some(({ best }) => best) ? ["* best or, paired by seed, not told from it at 95 %"] : [],
  ];
  return [visible(`${task}, ${model}`), table.toString(), ...notes.length > 0 ? [notes.join("; ")] : [], ""].join("\n");
}
