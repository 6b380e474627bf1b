/**
 * Tables in LaTeX, ready to paste: booktabs, numbers aligned by siunitx.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { formatDifference, formatEstimate, formatScore } from "../format.ts";
import { middleCost } from "../costs/costs.ts";
import type { Overview, OverviewRow } from "../overview.ts";
import type { Protocol, Results, RunMetric, Setting } from "../results.ts";
import { overviewRemarks, overviewTitle, titleOf, validationScore } from "../words.ts";

const MEBIBYTE = 1024 ** 2;

/** tables.tex: a table of methods over tasks or models, where there are several, and a table for each protocol. */
export function renderLatex({ overviews, protocols, validation }: Results): string {
  return [
    "% Needs in the preamble:",
    "% \\usepackage[utf8]{inputenc} % before 2018 only",
    "% \\usepackage{booktabs,siunitx}",
    "",
    ...overviews.map((overview, index) =>
      tableOf(overviewCaption(overview), `overview-${index + 1}`, overviewColumns(overview), overview.rows.length)
    ),
    ...protocols.map((protocol, index) =>
      tableOf(
        captionOf(protocol, protocols),
        String(index + 1),
        columnsOf(protocol, validation),
        protocol.settings.length,
      )
    ),
  ].join("\n");
}

/** A column: its title and its cells, both in LaTeX. What is missing is null. */
interface Column {
  title: string;
  cells: (string | null)[];
  /** `l`, or `r` for numbers with their intervals; without it, a column of siunitx for plain numbers. */
  align?: "l" | "r";
}

function tableOf(caption: string, label: string, columns: readonly Column[], count: number): string {
  const rows = Array.from({ length: count }, (_, row) => columns.map(({ cells }) => cells[row] ?? "{--}").join(" & "));
  return [
    "\\begin{table}",
    "  \\centering",
    "  \\footnotesize",
    "  \\setlength{\\belowcaptionskip}{6pt}",
    "  \\setlength{\\tabcolsep}{4pt}",
    `  \\caption{${caption}}`,
    `  \\label{tab:tunebench-${label}}`,
    "  \\sisetup{group-separator={,}, group-minimum-digits=4}",
    `  \\begin{tabular}{${columns.map(formatOf).join(" ")}}`,
    "    \\toprule",
    `    ${columns.map(({ title }) => `{${title}}`).join(" & ")} \\\\`,
    "    \\midrule",
    ...rows.map((row) => `    ${row} \\\\`),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

/** How a column is aligned; siunitx keeps room for the longest number. */
function formatOf({ cells, align }: Column): string {
  if (align !== undefined) return align;
  const parts = cells.filter((cell) => cell !== null).map((cell) => cell.split("."));
  const [whole, decimals] = [0, 1].map((part) => Math.max(0, ...parts.map((parts) => parts[part]?.length ?? 0)));
  return `S[table-format=${Math.max(1, whole)}.${decimals}]`;
}

/** A column with a cell for each item. */
function columnOf<T>(
  items: readonly T[],
  title: string,
  cell: (item: T) => string | null,
  align?: Column["align"],
): Column {
  return { title, cells: items.map(cell), align };
}

function columnsOf({ settings }: Protocol, validation = false): Column[] {
  const [{ metric }] = settings;
  const column = (...of: [title: string, cell: (setting: Setting) => string | null, align?: Column["align"]]) =>
    columnOf(settings, ...of);
  const differenceOf = ({ difference }: Setting) =>
    difference && inMath(formatDifference(difference.estimate, metric.unit), false);
  return [
    column("method", ({ label }) => escapeLatex(label), "l"),
    column(scoreTitle(metric), scoreCell, "r"),
    ...validation ? [column("validation", (setting) => formatScore(validationScore(setting), metric.unit))] : [],
    ...settings.some(({ difference }) => difference !== null) ? [column("$\\Delta$ best", differenceOf, "r")] : [],
    // The caption says how many there are where all have as many.
    ...new Set(settings.map(({ runs }) => runs.length)).size > 1
      ? [column("seeds", ({ runs }) => String(runs.length))]
      : [],
    column("trained", ({ runs }) => String(middleCost(runs, "trainable_params"))),
    column("memory (MiB)", ({ runs }) => {
      const memory = middleCost(runs, "planned_memory_bytes");
      return memory === null ? null : (memory / MEBIBYTE).toFixed(1);
    }),
    column("time (s)", ({ runs }) => middleCost(runs, "train_seconds")?.toFixed(1) ?? null),
  ];
}

function scoreTitle({ name, unit, direction }: RunMetric): string {
  return `${escapeLatex(name)}${unit === "fraction" ? " (\\%)" : ""}${
    direction === "lower" ? ", lower is better" : ""
  }`;
}

function scoreCell({ mean, estimate, metric: { unit }, best }: Setting): string {
  return inMath(formatEstimate(mean, estimate, unit), best);
}

/** A number with its interval as a formula. */
function inMath(number: string, isBold: boolean): string {
  const shown = number.replace("±", "\\pm").replace("−", "-");
  return isBold ? `$\\mathbf{${shown}}$` : `$${shown}$`;
}

function overviewColumns({ columns, rows, units, averaged, critical }: Overview): Column[] {
  const averageOf = ({ average, best }: OverviewRow) =>
    average && inMath(formatEstimate(average.mean, average, units[0]), best);
  return [
    columnOf(rows, "method", ({ label }) => escapeLatex(label), "l"),
    ...columns.map((name, index) =>
      columnOf(rows, escapeLatex(name), ({ settings }) => settings[index] && scoreCell(settings[index]), "r")
    ),
    ...averaged ? [columnOf(rows, "average", averageOf, "r")] : [],
    ...critical === null ? [] : [columnOf(rows, "rank", ({ rank }) => rank?.toFixed(2) ?? null)],
  ];
}

function overviewCaption(overview: Overview): string {
  const remarks = overviewRemarks(overview).map(([text]) => ` ${escapeLatex(text)}.`);
  const metrics = [
    ...new Set(
      overview.columns.flatMap((_, column) => {
        const setting = overview.rows.map(({ settings }) => settings[column]).find((setting) => setting !== null);
        return setting ? [scoreTitle(setting.metric)] : [];
      }),
    ),
  ];
  return `${escapeLatex(overviewTitle(overview))}: ${
    metrics.join(", ")
  }. Means over the seeds $\\pm$ half a 95\\,\\% interval. ` +
    `Bold: not shown to be below the best mean of the column. Bold does not mean equal.${remarks.join("")}`;
}

/** What the table shows, and what its intervals and its bold mean. */
function captionOf(protocol: Protocol, all: readonly Protocol[]): string {
  const { settings, comparison } = protocol;
  const counts = [...new Set(settings.map(({ runs }) => runs.length))].sort((a, b) => a - b);
  const seeds = counts.length === 1 ? String(counts[0]) : `${counts[0]} to ${counts.at(-1)}`;
  const title = `${escapeLatex(titleOf(protocol, all))}.`;
  if (counts.at(-1) === 1) {
    return `${title} One seed; $\\pm$ half a 95\\,\\% interval of the test sample alone: what other seeds would give is not in it.`;
  }
  const bold = comparison === null || comparison.best.size === 0
    ? "No seed is common to all methods, and none is compared."
    : (
      "Bold: not shown to be below the best mean (5\\,\\% over all comparisons, paired by seed and example, by the " +
      "studentised range). Bold does not mean equal. $\\Delta$: difference to the best mean."
    );
  return `${title} Mean over ${seeds} seeds $\\pm$ half a 95\\,\\% interval for new seeds and new examples of the same source. ` +
    `${bold} Memory: planned for a training step. Time: median in training steps.`;
}

const COMMANDS: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "''",
  // After a row's end, these would be arguments of it.
  "[": "{[}",
  "*": "{*}",
};

/** Most characters of a text: TeX knows no line of several thousand without a place to break it. */
const MOST_LETTERS = 300;

/**
 * A text as one line in which no character has a meaning in LaTeX, cut where it is long. What pdflatex's fonts lack is shown as its
 * code point.
 */
export function escapeLatex(text: string): string {
  return shorten(text, MOST_LETTERS)
    .replace(/[\\~^<>|"{}$&#%_[*]/g, (character) => COMMANDS[character] ?? `\\${character}`)
    .replace(
      /[^\x20-\x7E\u00A1-\u017F–—…±×Δ]/gu,
      (character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`,
    )
    .replaceAll("…", "\\ldots{}").replaceAll("Δ", "$\\Delta$").replaceAll("±", "$\\pm$").replaceAll("×", "$\\times$");
}
