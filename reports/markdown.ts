/**
 * Results as a document in GitHub's Markdown.
 * @module
 */
import utils from "cli-table3/src/utils.js";
import { markdownTable } from "markdown-table";
import { visible } from "../base/errors.ts";
import { canonical, type Environment, type RunRecord } from "../runs/study/record.ts";
import { formatBytes, formatCount, formatScore } from "./format.ts";
import { byKeys, type Protocol, type Results, type Setting } from "./results.ts";
import { tableOf } from "./table.ts";

/** An item of a list, and the items of the list below it. */
type Item = [text: string, ...children: string[]];

/** A table for each protocol, then what is needed to judge, repeat and cite the results. */
export function renderMarkdown({ runs, protocols, unreadable }: Results): string {
  const environments = [...Map.groupBy(runs, environmentKey)].sort(byKeys(([key]) => key)).map(([, runs]) => runs);
  const settings = protocols.flatMap(({ settings }) => settings);
  const extent = `${counted(runs.length, "run")} of ${counted(settings.length, "setting")}`;
  const sections = [
    "# TuneBench report",
    `${extent}. [How to read the tables](#how-to-read-the-tables).`,
    ...protocols.flatMap((protocol) => [
      `## ${escape(titleOf(protocol))}`,
      tableText(protocol),
      list(protocolNotes(protocol, environments)),
    ]),
    "## How to read the tables",
    list(EXPLANATION),
    "## Options",
    list(optionItems(protocols)),
    "## What ran where",
    list(environments.map((runs, index) => environmentItem(runs, index, environments.length > 1))),
    "## Sources",
    list([...distinct(runs, taskItem), ...distinct(runs, modelItem)]),
  ];
  if (unreadable.length > 0) {
    sections.push(
      "## Unreadable records",
      "These are not in the tables.",
      list(unreadable.map(({ path, reason }): Item => [`File ${escape(path)}: ${escape(reason)}`])),
    );
  }
  return sections.join("\n\n") + "\n";
}

/** How to read the tables. */
const EXPLANATION: Item[] = [
  ["Score: mean over the seeds on the test set ± half its 95 % t interval."],
  [
    "Bold: the best mean, and every method whose 95 % interval of the difference to it, paired by seed, contains zero. " +
    "Settings of one seed are not compared.",
  ],
  ["Trained: parameters of method and classifier; % of model: the same as a share of the backbone's parameters."],
  ["Stored: what has to be kept for the task, classifier included."],
  [
    "Memory. Planned: computed from the recorded training step. Peak: the most the process had resident. Training: peak " +
    "less what was resident before the training step was compiled.",
  ],
  ["Time: seconds in training steps. All costs are means over the runs; – stands for not measured."],
  ["Exact values and the ids of the runs are in results.csv, single runs in runs.csv."],
];

function titleOf({ settings: [{ task, model }] }: Protocol): string {
  return `${task}, ${model}`;
}

function tableText(protocol: Protocol): string {
  const { header, rows, align } = tableOf(protocol, { text: escape, best: (score) => `**${score}**` });
  return markdownTable([header, ...rows], { align, stringLength: utils.strlen });
}

/** What a reader should know of a protocol's table. */
function protocolNotes({ spec, settings }: Protocol, environments: RunRecord[][]): Item[] {
  const [{ majority, metric }] = settings;
  const runs = settings.flatMap(({ runs }) => runs);
  const places = environments.flatMap((group, index) => runs.some((run) => group.includes(run)) ? [index + 1] : []);
  const notes: Item[] = [
    ...majority === null ? [] : [
      [`Majority: ${formatScore(majority, metric.unit)}, always answering the class most frequent in training`] as Item,
    ],
    [`Protocol: ${escape(describe(spec))}`],
  ];
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
function groupRemarks(settings: readonly Setting[], remarksOn: (run: RunRecord) => string[]): string[] {
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
    protocol.settings.map(({ label, options }) => ({ label, options: options.join(", "), title: titleOf(protocol) }))
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
function environmentKey({ environment: { started: _started, ...rest } }: RunRecord): string {
  return canonical(rest);
}

/** The device in words, without what is unknown and without the name of the processor, which is shown elsewhere. */
function describeDevice({ name, provider, hardware, driver }: Environment["device"], processor: string): string {
  const known = [hardware.value === processor ? null : hardware.value, driver.value && `driver ${driver.value}`];
  return [`${name} (${provider})`, ...known.filter((value) => value !== null)].join(", ");
}

function environmentItem(runs: readonly RunRecord[], index: number, withIds: boolean): Item {
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
    escape(`versions: ${describe(versions)}`),
    ...withIds ? [`runs: ${escape(runs.map(({ id }) => id).join(" "))}`] : [],
  ];
}

function taskItem({ spec, task }: RunRecord): Item {
  return [
    `Task ${escape(spec.task.name)}, version ${spec.task.version}`,
    ...task.labels.length > 0 ? [`labels: ${escape(task.labels.join(", "))}`] : [],
    `labelling: ${escape(task.labelling)}`,
    `licence: ${escape(task.licence)}`,
    `citation: ${escape(task.citation)}`,
    ...task.source.map(({ path, sha256 }) => `source: ${escape(path)}, SHA-256 ${escape(sha256)}`),
  ];
}

function modelItem({ spec, model }: RunRecord): Item {
  return [
    `Model ${escape(spec.model.name)}, revision ${escape(spec.model.revision)}`,
    `parameters: ${formatCount(model.parameters)}`,
    `SHA-256: ${escape(model.sha256)}`,
    `licence: ${escape(model.licence)}`,
    `citation: ${escape(model.citation)}`,
  ];
}

function distinct(runs: readonly RunRecord[], item: (run: RunRecord) => Item): Item[] {
  return [...new Map(runs.map(item).map((item) => [canonical(item), item]))].sort(byKeys(([key]) => key))
    .map(([, item]) => item);
}

/** An object in words: "device cpu; data train 300, test 400". */
function describe(value: Record<string, unknown>): string {
  return Object.entries(value).map(([key, inner]) =>
    inner !== null && typeof inner === "object"
      ? `${key} ${Object.entries(inner).map((pair) => pair.join(" ")).join(", ")}`
      : `${key} ${inner}`
  ).join("; ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function list(items: readonly Item[]): string {
  return items.map(([text, ...children]) => [`- ${text}`, ...children.map((child) => `  - ${child}`)].join("\n"))
    .join("\n");
}

/** A text as one line, safe inside a table's cell: no character in it has a meaning in Markdown or HTML. */
function escape(text: string): string {
  return visible(text).replace(
    /[<|\\`*[\]~$]|&(?=#?\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
