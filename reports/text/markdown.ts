/**
 * Results as a document in GitHub's Markdown.
 * @module
 */
import { formatBytes } from "../../base/bytes.ts";
import utils from "cli-table3/src/utils.js";
import { markdownTable } from "markdown-table";
import { counted, visible } from "../../base/errors.ts";
import { canonical, type Environment } from "../../runs/study/record.ts";
import { costRemarks, costTableOf } from "../cost-table.ts";
import { sideBySide } from "../costs/costs.ts";
import { CONTROLS_REMARKS, CONTROLS_TITLE, controlsTable } from "../controls-table.ts";
import { METRICS_TITLE, metricsRemarks, metricsTableOf } from "../metrics-table.ts";
import { externalRemarks, externalTables } from "../external-tables.ts";
import { formatCount } from "../format.ts";
import { byKeys } from "../by-keys.ts";
import type { Protocol, Results, Setting, Source } from "../results.ts";
import type { Run } from "../runs/run.ts";
import { type CellStyle, overviewTableOf, type Table, tableOf } from "../table.ts";
import { BUDGET_REMARKS, budgetTableOf, isTuned, LEDGER_REMARKS, ledgerOf } from "../tuning-tables.ts";
import { inWords } from "../../runs/study/labels.ts";
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
import { WRITTEN_REMARKS, writtenTableOf } from "../written-prompts.ts";

/** An item of a list, and the items of the list below it: a remark in Markdown. */
type Item = Remark;

/** A table for each protocol, then what is needed to judge, repeat and cite the results. */
export function renderMarkdown(results: Results): string {
  const {
    runs,
    protocols,
    overviews,
    conflicts,
    sources,
    unreadable,
    validation,
    external,
    controls = [],
    failed = [],
  } = results;
  const environments = [...Map.groupBy(runs, environmentKey)].sort(byKeys(([key]) => key)).map(([, runs]) => runs);
  const settings = protocols.flatMap(({ settings }) => settings);
  const beside = sideBySide(runs);
  const extent = `${counted(runs.length, "run")} of ${counted(settings.length, "setting")}`;
  const sections = [
    "# TuneBench report",
    `${extent}. [How to read the tables](#how-to-read-the-tables).`,
    ...failed.map((cells) => escape(failedInWords(cells))),
    ...overviews.flatMap((overview) => [
      `## ${escape(overviewTitle(overview))}`,
      markdownOf(overviewTableOf(overview, STYLE)),
      list(overviewRemarks(overview)),
    ]),
    ...protocols.flatMap((protocol) => [
      `## ${escape(titleOf(protocol, protocols))}`,
      markdownOf(tableOf(protocol, STYLE, validation)),
      list(protocolNotes(protocol, environments, beside)),
      ...metricsSections(protocol),
      ...writtenSections(protocol),
      "### Further costs",
      markdownOf(costTableOf(protocol, STYLE)),
      list(costRemarks(protocol)),
      ...tuningSections(protocol),
    ]),
    ...external === undefined ? [] : [
      ...externalTables(external, STYLE).flatMap(({ title, table }) => [
        `## Results of others: ${escape(title)}`,
        markdownOf(table),
        list(externalRemarks(external).map(([text]): Item => [escape(text)])),
      ]),
    ],
    ...controls.length === 0
      ? []
      : [`## ${CONTROLS_TITLE}`, markdownOf(controlsTable(controls, STYLE)), list(CONTROLS_REMARKS)],
    "## How to read the tables",
    list(EXPLANATION),
    "## Options",
    list(optionItems(protocols)),
    "## What ran where",
    list(environments.map((runs, index) => environmentItem(runs, index, environments.length > 1))),
    "## Sources",
    list([...distinct(runs, taskItem), ...distinct(runs, modelItem)]),
  ];
  if (sources.length > 0) {
    sections.push("## To cite", "`deno task cite` prints these in BibTeX.", list(sources.map(sourceItem)));
  }
  if (conflicts.length > 0) {
    sections.push(
      "## Runs with two results",
      "The first is in the tables.",
      list(conflicts.map((conflict): Item => [escape(conflictInWords(conflict))])),
    );
  }
  if (unreadable.length > 0) {
    sections.push(
      "## Unreadable records",
      "These are not in the tables.",
      list(unreadable.map(({ path, reason }): Item => [`File ${escape(path)}: ${escape(reason)}`])),
    );
  }
  return sections.join("\n\n") + "\n";
}

/** The scores by all metrics; nothing where there is one. */
function metricsSections(protocol: Protocol): string[] {
  const table = metricsTableOf(protocol, STYLE);
  return table === null ? [] : [`### ${METRICS_TITLE}`, markdownOf(table), list(metricsRemarks(protocol))];
}

/** How the templates of hand-written prompts differ; nothing where there is one. */
function writtenSections(protocol: Protocol): string[] {
  const table = writtenTableOf(protocol, STYLE);
  if (table.rows.length === 0) return [];
  return ["### Written prompts", markdownOf(table), list(WRITTEN_REMARKS.map(([text]): Item => [escape(text)]))];
}

/** How the methods of a protocol were tuned; nothing where none was. */
function tuningSections(protocol: Protocol): string[] {
  if (!isTuned(protocol)) return [];
  const items = (remarks: readonly Remark[]) => list(remarks.map(([text]): Item => [escape(text)]));
  return [
    "### Tuning",
    markdownOf(ledgerOf(protocol, STYLE)),
    items(LEDGER_REMARKS),
    markdownOf(budgetTableOf(protocol, STYLE)),
    items(BUDGET_REMARKS),
  ];
}

/** How to read the tables. */
const EXPLANATION: Item[] = [
  [
    "Score: mean over the seeds on the test set ± half a 95 % interval for new seeds and new examples of the same source: " +
    "runs of several seeds share test examples, and so more seeds do not make up for few examples.",
  ],
  [
    "Bold: not shown to be below the best mean (5 % over all comparisons of the table, paired by seed and example, by the " +
    "studentised range). Bold does not mean equal.",
  ],
  ["Δ best: the difference to the best mean ± half its 95 % interval, paired by seed and example."],
  ["Trained: parameters of method and classifier; % of model: the same as a share of the backbone's parameters."],
  ["Stored: what has to be kept for the task, classifier included."],
  [
    "Memory. Planned: computed from the recorded training step. Peak: the most the process had resident. Training: peak " +
    "less what was resident before the training step was compiled.",
  ],
  ["Time: seconds in training steps. All costs are medians over the runs; – stands for not measured."],
  ["Exact values and the ids of the runs are in results.csv, single runs in runs.csv, the trials of tuning in trials.csv."],
];

const STYLE: CellStyle = { text: escape, best: (score) => `**${score}**` };

function markdownOf({ header, rows, align }: Table): string {
  return markdownTable([header, ...rows], { align, stringLength: utils.strlen });
}

/** What a reader should know of a protocol's table. */
function protocolNotes(protocol: Protocol, environments: Run[][], beside: ReadonlySet<Run>): Item[] {
  const { settings } = protocol;
  const runs = settings.flatMap(({ runs }) => runs);
  const places = environments.flatMap((group, index) => runs.some((run) => group.includes(run)) ? [index + 1] : []);
  const notes = [...protocolRemarks(protocol), ...timeRemarks(protocol, beside)]
    .map(([text, ...children]): Item => [escape(text), ...children.map(escape)]);
  if (places.length > 1) {
    notes.push([`These runs are from environments ${places.join(", ")}; compare their time and memory with care.`]);
  }
  const flags = groupRemarks(
    settings,
    ({ checks }) => checks.flags.filter(({ raised }) => raised).map(({ name, detail }) => `${name}: ${detail}`),
  );
  if (flags.length > 0) notes.push(["Flags", ...flags]);
  const unmeasured = groupRemarks(settings, ({ memory }) =>
    (["peak", "training"] as const).flatMap((kind) => {
      const measured = memory[kind];
      return measured.value === null ? [`${kind} memory: ${measured.reason}`] : [];
    }));
  if (unmeasured.length > 0) notes.push(["Not measured", ...unmeasured]);
  return notes;
}

/**
 * Remarks on runs; each remark stands once, with the settings and seeds that it is true of.
 * @param remarksOn the remarks on a run
 */
function groupRemarks(settings: readonly Setting[], remarksOn: (run: Run) => string[]): string[] {
  const remarks = settings.flatMap(({ label, runs }) =>
    runs.flatMap((run) => remarksOn(run).map((remark) => ({ remark, label, seed: run.spec.seed })))
  );
  return [...Map.groupBy(remarks, ({ remark }) => remark)].sort(byKeys(([remark]) => remark)).map(
    ([remark, entries]) => {
      const who = [...Map.groupBy(entries, ({ label }) => label)]
        .map(([label, seeds]) =>
          `${label} (${seeds.length === 1 ? "seed" : "seeds"} ${seeds.map(({ seed }) => seed).join(", ")})`
        );
      return escape(`${remark}: ${who.join(", ")}`);
    },
  );
}

/** The options of each method; options that differ between protocols are listed with their protocols. */
function optionItems(protocols: readonly Protocol[]): Item[] {
  const entries = protocols.flatMap((protocol) =>
    protocol.settings.map(({ label, options }) => ({
      label,
      options: options.join(", ") || "none",
      title: titleOf(protocol, protocols),
    }))
  );
  const variants = [...Map.groupBy(entries, ({ label, options }) => canonical([label, options])).values()];
  return variants.sort(byKeys(([{ label }]) => label, ([{ options }]) => options)).map((same): Item => {
    const [{ label, options }] = same;
    const isOnly = variants.filter(([other]) => other.label === label).length === 1;
    const where = isOnly ? "" : ` (${[...new Set(same.map(({ title }) => title))].join("; ")})`;
    return [`**${escape(label)}**: ${escape(options + where)}`];
  });
}

/** A key that is equal for runs in the same environment: the environment without the time at which the run started. */
function environmentKey({ environment: { started: _started, ...rest } }: Run): string {
  return canonical(rest);
}

/** The device in words, without what is unknown and without the name of the processor, which is shown elsewhere. */
function describeDevice({ name, provider, hardware, driver }: Environment["device"], processor: string): string {
  const known = [hardware.value === processor ? null : hardware.value, driver.value && `driver ${driver.value}`];
  return [`${name} (${provider})`, ...known.filter((value) => value !== null)].join(", ");
}

function environmentItem(runs: readonly Run[], index: number, withIds: boolean): Item {
  const [{ environment }] = runs;
  const { suite, versions, os, arch, processor, cores, memoryBytes, threads, device } = environment;
  const starts = runs.map(({ environment }) => environment.started).sort();
  const state = suite.dirty === null ? ", unknown whether changed" : suite.dirty ? ", with uncommitted changes" : "";
  return [
    `Environment ${index + 1}: ${counted(runs.length, "run")}, started ${escape(`${starts[0]} to ${starts.at(-1)}`)}`,
    escape(`TuneBench ${suite.version}, commit ${suite.commit ?? "unknown"}${state}, lock file ${suite.lockSha256}`),
    escape(
      `${counted(threads, "thread")} on ${processor}, ${counted(cores, "core")}, ${
        formatBytes(memoryBytes)
      }; ${os} ${arch}`,
    ),
    escape(`device ${describeDevice(device, processor)}`),
    escape(`versions: ${inWords(versions)}`),
    ...withIds ? [`runs: ${escape(runs.map(({ id }) => id).join(" "))}`] : [],
  ];
}

function taskItem({ spec, task }: Run): Item {
  return [
    `Task ${escape(spec.task.name)}, version ${spec.task.version}`,
    ...task.labels.length > 0 ? [`labels: ${escape(task.labels.join(", "))}`] : [],
    `labelling: ${escape(task.labelling)}`,
    `licence: ${escape(task.licence)}`,
    `citation: ${escape(task.citation)}`,
    ...task.source.map(({ path, sha256 }) => `source: ${code(path)}, SHA-256 ${escape(sha256)}`),
  ];
}

function modelItem({ spec, model }: Run): Item {
  return [
    `Model ${escape(spec.model.name)}, revision ${escape(spec.model.revision)}`,
    `parameters: ${formatCount(model.parameters)}`,
    `SHA-256: ${escape(model.sha256)}`,
    `licence: ${escape(model.licence)}`,
    `citation: ${escape(model.citation)}`,
  ];
}

function sourceItem([source, ...works]: Source): Item {
  return [escape(source), ...works.map(escape)];
}

function distinct(runs: readonly Run[], item: (run: Run) => Item): Item[] {
  return [...new Map(runs.map(item).map((item) => [canonical(item), item]))].sort(byKeys(([key]) => key))
    .map(([, item]) => item);
}

function list(items: readonly Item[]): string {
  return items.map(([text, ...children]) => [`- ${text}`, ...children.map((child) => `  - ${child}`)].join("\n"))
    .join("\n");
}

/** A path; a pattern of paths, "texts/[a-z].txt", is a span of code, so that its brackets can be read. */
function code(path: string): string {
  return /^[\w./-]+(\[[\w-]+\][\w./-]*)+$/.test(path) ? `\`${path}\`` : escape(path);
}

/** A text as one line, safe inside a table's cell: no character in it has a meaning in Markdown or HTML. */
function escape(text: string): string {
  return visible(text).replace(
    /[<|\\`*[\]~$]|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
