/**
 * Tables in LaTeX, ready to paste: booktabs, numbers aligned by siunitx.
 * @module
 */
import { visible } from "../../base/errors.ts";
import { formatDifference, formatEstimate } from "../format.ts";
import { middleCost } from "../costs/costs.ts";
import type { Protocol, Results, Setting } from "../results.ts";
import { titleOf } from "../words.ts";

const MEBIBYTE = 1024 ** 2;

/** tables.tex: a table for each protocol. */
export function renderLatex({ protocols }: Results): string {
  return [
    "% Needs in the preamble:",
    "% \\usepackage[utf8]{inputenc} % before 2018 only",
    "% \\usepackage{booktabs,siunitx}",
    "",
    ...protocols.map((protocol, index) => tableOf(protocol, index, protocols)),
  ].join("\n");
}

function tableOf(protocol: Protocol, index: number, all: readonly Protocol[]): string {
  const [{ metric }] = protocol.settings;
  const scoreTitle = `${escapeLatex(metric.name)}${metric.unit === "fraction" ? " (\\%)" : ""}`;
  const rows = protocol.settings.map((setting) => `    ${rowOf(setting).join(" & ")} \\\\`);
  return [
    "\\begin{table}",
    "  \\centering",
    `  \\caption{${captionOf(protocol, all)}}`,
    `  \\label{tab:tunebench-${index + 1}}`,
    "  \\sisetup{detect-weight=true, detect-all=true, group-separator={,}, group-minimum-digits=4}",
    "  \\begin{tabular}{l r r r S[table-format=9.0] S[table-format=6.1] S[table-format=6.1]}",
    "    \\toprule",
    `    method & {${scoreTitle}} & {$\\Delta$ best} & {seeds} & {trained} & {memory (MiB)} & {time (s)} \\\\`,
    "    \\midrule",
    ...rows,
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

function rowOf(setting: Setting): string[] {
  const { label, mean, estimate, metric: { unit }, best, difference, runs } = setting;
  const score = formatEstimate(mean, estimate, unit).replace("±", "\\pm");
  const memory = middleCost(runs, "planned_memory_bytes");
  return [
    escapeLatex(label),
    best ? `$\\mathbf{${score}}$` : `$${score}$`,
    difference === null
      ? "--"
      : `$${formatDifference(difference.estimate, unit).replace("±", "\\pm").replace("−", "-")}$`,
    String(runs.length),
    String(middleCost(runs, "trainable_params")),
    memory === null ? "{--}" : (memory / MEBIBYTE).toFixed(1),
    middleCost(runs, "train_seconds")?.toFixed(1) ?? "{--}",
  ];
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
};

/** A text as one line in which no character has a meaning in LaTeX. What pdflatex's fonts lack is shown as its code point. */
export function escapeLatex(text: string): string {
  return visible(text)
    .replace(/[\\~^<>|"{}$&#%_]/g, (character) => COMMANDS[character] ?? `\\${character}`)
    .replace(
      /[^\x20-\x7E\u00A1-\u017F–—±×Δ]/gu,
      (character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`,
    )
    .replaceAll("Δ", "$\\Delta$").replaceAll("±", "$\\pm$").replaceAll("×", "$\\times$");
}
