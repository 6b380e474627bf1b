/**
 * report.html: tables and figures to look at, in one file that needs no network; and the figures as files.
 * @module
 */
import { counted } from "../../base/errors.ts";
import { costRemarks } from "../cost-table.ts";
import { metricsRemarks } from "../metrics-table.ts";
import { CONTROLS_REMARKS, CONTROLS_TITLE } from "../controls-table.ts";
import { externalRemarks } from "../external-tables.ts";
import { drawFigures, MOST_TABLES, type NamedFigure } from "../figures/mod.ts";
import { svgFile } from "../figures/drawing.ts";
import { formatCount } from "../format.ts";
import type { Protocol, Results } from "../results.ts";
import { sideBySide } from "../costs/costs.ts";
import {
  conflictInWords,
  failedInWords,
  overviewRemarks,
  overviewTitle,
  protocolRemarks,
  type Remark,
  timeRemarks,
  titleOf,
} from "../words.ts";
import { WRITTEN_REMARKS } from "../written-prompts.ts";
import { BUDGET_REMARKS, isTuned, LEDGER_REMARKS } from "../tuning-tables.ts";
import { pageData } from "./data.ts";
import { json, policyHash, text } from "./html.ts";
import {
  controlsSection,
  costTable,
  externalSections,
  metricsTable,
  overviewTable,
  protocolTable,
  tuningTables,
  writtenTable,
} from "./tables.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(name, import.meta.url));

/** Files by their paths in the report's folder: the page, and each figure that it shows. */
export function renderPage(results: Results): Record<string, string> {
  const { overviews, protocols } = drawFigures(results);
  const figures = [...overviews, ...protocols].flatMap((figures) => figures ?? []);
  return {
    "report.html": pageOf(results, overviews, protocols),
    ...Object.fromEntries(figures.map((figure) => [`figures/${figure.name}.svg`, svgFile(figure)])),
  };
}

function pageOf(
  results: Results,
  ofOverviews: readonly NamedFigure[][],
  ofProtocols: readonly (NamedFigure[] | null)[],
): string {
  const { runs, protocols } = results;
  const style = read("page.css");
  const script = read("elements.js") + read("page.js");
  const settings = protocols.reduce((sum, { settings }) => sum + settings.length, 0);
  const policy = `default-src 'none'; script-src ${policyHash(script)}; style-src ${policyHash(style)}; ` +
    "base-uri 'none'; form-action 'none'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TuneBench report</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#report">To the report</a>
<header>
<h1 tabindex="-1">TuneBench report</h1>
<p class="quiet">${counted(runs.length, "run")} of ${
    counted(settings, "setting")
  }. Scores lead to their runs; titles of columns sort.</p>
${list((results.failed ?? []).map((cells): Remark => [failedInWords(cells)]))}
<noscript><p>Without scripts the tables and figures are whole, but cannot be sorted, and single runs cannot be shown.</p></noscript>
</header>
<main>
<div id="report">
<div class="filter" hidden><label for="filter">Show rows that contain</label><input id="filter" type="search" placeholder="method, task or model"><span id="filtered" role="status"></span></div>
${sectionsOf(results, ofOverviews, ofProtocols).join("\n")}
${sourcesOf(results)}
</div>
<section id="detail" aria-live="off" hidden></section>
</main>
<script type="application/json" id="data">${json(pageData(results))}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** A section for each table, with its notes and figures. */
function sectionsOf(
  results: Results,
  ofOverviews: readonly NamedFigure[][],
  ofProtocols: readonly (NamedFigure[] | null)[],
): string[] {
  const { runs, protocols, overviews, validation, external, controls = [] } = results;
  const beside = sideBySide(runs);
  return [
    ...overviews.map((overview, index) =>
      sectionOf(
        overviewTitle(overview),
        overviewTable(overview, overviewTitle(overview), OVERVIEW_CAPTION),
        overviewRemarks(overview),
        ofOverviews[index],
      )
    ),
    ...protocols.map((protocol, index) =>
      sectionOf(
        titleOf(protocol, protocols),
        protocolTable(protocol, titleOf(protocol, protocols), captionOf(protocol), validation),
        [...protocolRemarks(protocol), ...timeRemarks(protocol, beside)],
        ofProtocols[index],
        [
          metricsOf(protocol, titleOf(protocol, protocols)),
          writtenOf(protocol, titleOf(protocol, protocols)),
          costTable(protocol, titleOf(protocol, protocols)),
          list(costRemarks(protocol)),
          tuningOf(protocol, titleOf(protocol, protocols)),
        ].join("\n"),
      )
    ),
    ...external === undefined
      ? []
      : externalSections(external).map(({ title, table }) => sectionOf(title, table, externalRemarks(external), [])),
    ...controls.length === 0 ? [] : [sectionOf(CONTROLS_TITLE, controlsSection(controls), CONTROLS_REMARKS, [])],
  ];
}

/** The scores by all metrics; nothing where there is one. */
function metricsOf(protocol: Protocol, title: string): string {
  const table = metricsTable(protocol, title);
  return table === "" ? "" : `${table}\n${list(metricsRemarks(protocol))}`;
}

/** How the templates of hand-written prompts differ; nothing where there is one. */
function writtenOf(protocol: Protocol, title: string): string {
  const table = writtenTable(protocol, title);
  return table === "" ? "" : `${table}\n${list(WRITTEN_REMARKS)}`;
}

/** How the methods of a protocol were tuned; nothing where none was. */
function tuningOf(protocol: Protocol, title: string): string {
  if (!isTuned(protocol)) return "";
  const { ledger, budget } = tuningTables(protocol, title);
  return [ledger, list(LEDGER_REMARKS), budget, list(BUDGET_REMARKS)].join("\n");
}

const OVERVIEW_CAPTION =
  "Means over the seeds ± half a 95 % interval. Bold: not shown to be below the best mean of the column. Bold does not mean equal.";

/** What the table shows, and what its intervals and its bold mean. */
function captionOf({ comparison }: Protocol): string {
  const bold = comparison === null || comparison.best.size === 0
    ? ""
    : " Bold: not shown to be below the best mean (5 % over all comparisons, paired by seed and example). Bold does not mean equal.";
  return `Mean over the seeds ± half a 95 % interval for new seeds and new examples of the same source.${bold} Costs: medians over the seeds.`;
}

function sectionOf(
  title: string,
  table: string,
  notes: readonly Remark[],
  figures: readonly NamedFigure[] | null,
  further = "",
): string {
  const drawn = figures === null
    ? `<p class="quiet">No figures: they are drawn of the ${MOST_TABLES} tables with most runs.</p>`
    : figures.length === 0
    ? ""
    : `<div class="figures">\n${figures.map(figureOf).join("\n")}\n</div>`;
  return `<section class="table">\n<h2>${text(title)}</h2>\n${table}\n${list(notes)}\n${drawn}\n${further}\n</section>`;
}

function figureOf({ svg, title, caption }: NamedFigure): string {
  return `<figure><div class="wide" tabindex="0" role="region" aria-label="${text(title)}">${svg}</div>
<figcaption>${text(caption)}</figcaption></figure>`;
}

/** Where data and models come from, and what is not in the tables. */
function sourcesOf({ runs, conflicts, sources: cited, unreadable }: Results): string {
  const sources = new Map(runs.flatMap(({ spec, task, model }): [string, Remark][] => [
    [`task ${spec.task.name}`, [`Task ${spec.task.name}`, `licence: ${task.licence}`, task.citation]],
    [`model ${spec.model.name}`, [
      `Model ${spec.model.name}, revision ${spec.model.revision}, ${formatCount(model.parameters)} parameters`,
      `licence: ${model.licence}`,
      model.citation,
    ]],
  ]));
  const parts: [string, Remark[]][] = [
    ["Sources", [...sources].sort(([a], [b]) => a < b ? -1 : 1).map(([, source]) => source)],
    ["To cite; deno task cite prints these in BibTeX", cited],
    [
      "Runs with two results, of which the first is in the tables",
      conflicts.map((conflict) => [conflictInWords(conflict)]),
    ],
    ["Unreadable records, which are not in the tables", unreadable.map(({ path, reason }) => [`${path}: ${reason}`])],
  ];
  return parts.filter(([, items]) => items.length > 0)
    .map(([title, items]) => `<section>\n<h2>${title}</h2>\n${list(items)}\n</section>`).join("\n");
}

/** Most characters of a remark: those of a citation with many authors, a protocol, a list of methods. */
const MOST_OF_REMARK = 2000;

function list(remarks: readonly Remark[]): string {
  const item = ([first, ...children]: Remark): string =>
    `<li>${text(first, MOST_OF_REMARK)}${
      children.length === 0 ? "" : `<ul>${children.map((child) => item([child])).join("")}</ul>`
    }</li>`;
  return remarks.length === 0 ? "" : `<ul class="quiet">\n${remarks.map(item).join("\n")}\n</ul>`;
}
