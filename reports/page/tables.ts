/**
 * Tables of the page: sorted and filtered by its script, whole without it.
 * @module
 */
import { costTableOf } from "../cost-table.ts";
import type { ControlRecord } from "../../runs/study/controls/control-record.ts";
import { CONTROLS_TITLE, controlsTable } from "../controls-table.ts";
import type { ExternalResults } from "../external/peft.ts";
import { externalTables } from "../external-tables.ts";
import { showName } from "../figures/style.ts";
import type { Overview } from "../overview.ts";
import type { Protocol, Setting } from "../results.ts";
import { METRICS_TITLE, metricsTableOf } from "../metrics-table.ts";
import { type CellStyle, overviewTableOf, type Table, tableOf } from "../table.ts";
import { budgetTableOf, ledgerOf, tunedSettings } from "../tuning-tables.ts";
import { writtenPromptsOf, writtenTableOf } from "../written-prompts.ts";
import { text } from "./html.ts";

// A caller that maps over names would give `text` their indices as its length.
const style: CellStyle = { text: (name) => text(name), best: (score) => `<strong>${score}</strong>` };

/** The table of a protocol; each score leads to its runs. */
export function protocolTable(protocol: Protocol, title: string, caption: string, validation?: boolean): string {
  const { settings } = protocol;
  return htmlTable(
    tableOf(protocol, style, validation),
    title,
    caption,
    settings,
    (index, column) => column === 1 ? settings[index] : null,
  );
}

/** The table of a protocol's further costs. */
export function costTable(protocol: Protocol, title: string): string {
  const table = costTableOf(protocol, style);
  return htmlTable(table, `Further costs, ${title}`, "Further costs", protocol.settings, () => null);
}

/** The table of a protocol's scores by all metrics; nothing where there is one. */
export function metricsTable(protocol: Protocol, title: string): string {
  const table = metricsTableOf(protocol, style);
  if (table === null) return "";
  return htmlTable(table, `${METRICS_TITLE}, ${title}`, METRICS_TITLE, protocol.settings, () => null);
}

/** The tables on the tuning of a protocol. */
export function tuningTables(protocol: Protocol, title: string): { ledger: string; budget: string } {
  const { settings } = protocol;
  return {
    ledger: htmlTable(ledgerOf(protocol, style), `Tuning, ${title}`, "Tuning", settings, () => null),
    budget: htmlTable(
      budgetTableOf(protocol, style),
      `Expected best validation score, ${title}`,
      "Expected best validation score by the number of trials",
      tunedSettings(protocol),
      () => null,
    ),
  };
}

/** The table on the templates of hand-written prompts; empty where there is one template. */
export function writtenTable(protocol: Protocol, title: string): string {
  const table = writtenTableOf(protocol, style);
  if (table.rows.length === 0) return "";
  return htmlTable(table, `Written prompts, ${title}`, "Written prompts", writtenPromptsOf(protocol), () => null);
}

/** The tables of others' results. */
export function externalSections(external: ExternalResults): { title: string; table: string }[] {
  return externalTables(external, style).map(({ title, experiments, table }) => {
    const heading = `Results of others: ${title}`;
    const labelled = experiments.map((label) => ({ label }));
    return {
      title: heading,
      table: htmlTable(table, heading, "External, compared with nothing", labelled, () => null),
    };
  });
}

/** The table of negative controls. */
export function controlsSection(controls: readonly ControlRecord[]): string {
  const table = controlsTable(controls, style);
  const labelled = table.rows.map(([, , label]) => ({ label }));
  return htmlTable(table, CONTROLS_TITLE, "What must fail or change nothing", labelled, () => null);
}

/** The table of methods over tasks or models; each score leads to its runs. */
export function overviewTable(overview: Overview, title: string, caption: string): string {
  return htmlTable(
    overviewTableOf(overview, style),
    title,
    caption,
    overview.rows,
    (index, column) => overview.rows[index].settings[column - 1] ?? null,
  );
}

/**
 * @param title name of the region in which the table scrolls
 * @param labelled the rows' names, which the filter searches
 * @param linked the setting whose runs a cell leads to, if it is a score
 */
function htmlTable(
  { header, rows, align }: Table,
  title: string,
  caption: string,
  labelled: readonly { label: string }[],
  linked: (row: number, column: number) => Setting | null,
): string {
  const head = header.map((title, column) =>
    `<th scope="col" class="${align[column]}"><button type="button">${title}</button></th>`
  );
  const body = rows.map((cells, row) => {
    const shown = cells.map((cell, column) => {
      if (column === 0) return `<th scope="row">${cell}</th>`;
      const setting = linked(row, column);
      const content = setting === null
        ? cell
        : `<a href="#setting/${encodeURIComponent(showName(setting.id, 300))}" aria-label="Runs of ${
          text(labelled[row].label)
        }: ${cell.replace(/<[^>]*>/g, "")}">${cell}</a>`;
      return `<td class="${align[column]}">${content}</td>`;
    });
    return `<tr>${shown.join("")}</tr>`;
  });
  return `<div class="wide" tabindex="0" role="region" aria-label="${text(title)}"><table>
<caption>${caption}</caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;
}
