/**
 * Results for the terminal.
 * @module
 */
import CliTable from "cli-table3";
import { visible } from "../../base/errors.ts";
import { formatScore } from "../format.ts";
import type { Protocol, Results } from "../results.ts";
import { type Table, tableOf } from "../table.ts";
import { comparisonRemarks, failedInWords, failureRemarks, titleOf } from "../words.ts";

/** A table for each protocol, as plain text without escape sequences. */
export function renderTerminal({ protocols, validation, failed = [] }: Results): string {
  const tables = protocols.map((protocol) => renderProtocol(protocol, protocols, validation));
  return [...tables, ...failed.map((cells) => `${visible(failedInWords(cells))}\n`)].join("\n");
}

function renderProtocol(protocol: Protocol, all: readonly Protocol[], validation?: boolean): string {
  const [{ majority, metric }] = protocol.settings;
  const table = plainTable(tableOf(protocol, { text: visible, best: (score) => `* ${score}` }, validation));
  const notes = [
    ...majority === null ? [] : [`majority ${formatScore(majority, metric.unit)}`],
    ...protocol.settings.some(({ best }) => best) ? ["* not shown to be below the best mean"] : [],
    ...[...comparisonRemarks(protocol), ...failureRemarks(protocol)].map((remark) => visible(remark.join("; "))),
  ];
  return [visible(titleOf(protocol, all)), table, ...notes, ""].join("\n");
}

/** A table as plain text, without lines around its cells. */
export function plainTable({ header, rows, align }: Table): string {
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
  return table.toString();
}
