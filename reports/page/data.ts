/**
 * What the page knows of each run: shown by its script, so that a thousand runs are a small file.
 * @module
 */
import { canonical } from "../../runs/study/record.ts";
import { showName } from "../figures/style.ts";
import type { Results } from "../results.ts";
import type { Run } from "../runs/run.ts";
import type { Texts } from "../runs/texts.ts";
import { mean } from "../statistics/basics.ts";
import { titleOf } from "../words.ts";
import { packAnswers, type Packed } from "./pack.ts";

/** Most characters of a text of a record. */
const MOST_LETTERS = 300;

/** Most points of a run's curve of losses; more are averaged. */
const MOST_LOSSES = 60;

/** Most characters of all packed answers and ids together; where there are more, the page has none and says so. */
const MOST_ANSWERS = 1_200_000;

/** Most examples of a test set whose generated texts are shown; fewer where many runs have some. */
const MOST_GENERATED = 50;

/** Most characters of all texts of examples together; further ones are left out. */
const MOST_TEXT = 400_000;

/** No answers. */
const NOTHING: Packed = { width: 1, bits: "" };

/** Values that many runs share, each once. */
class Shared<T> {
  readonly values: T[] = [];
  readonly #places = new Map<unknown, number>();

  /** The place of the value that has this key; it is made where there is none yet. */
  place(key: unknown, make: () => T): number {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.values.push(make()) - 1;
      this.#places.set(key, place);
    }
    return place;
  }
}

/** What the script of the page reads; places are those in the lists. */
export interface PageData {
  /** Each table's title, its first metric, and the units of all. */
  tables: { title: string; metric: string; unit: string; units: Record<string, string> }[];
  /** Settings: table, method, scores and costs, as the script reads them. */
  settings: unknown[];
  /** Runs: setting, seed, scores, curve and packed answers. */
  runs: unknown[];
  /** Test sets: ids and right answers; empty where all answers are too many for a page. */
  tests: {
    ids: string[];
    truth: Packed;
    /** Texts of examples that runs disagree on, or that have generated texts, by their places; absent where none are shown. */
    texts?: Record<number, string>;
    /** A reference of each of the first examples, where runs generate; absent where no texts are shown. */
    references?: string[];
  }[];
  /** Names of classes, or of sets of labels. */
  labels: string[][];
  /** Where runs took place. */
  environments: unknown[];
  /** Checks that runs passed. */
  checks: unknown[];
}

/** The data of a page. */
export function pageData({ runs, protocols, texts }: Results): PageData {
  const tests = new Shared<PageData["tests"][number]>();
  const [labels, environments, checks] = [new Shared<string[]>(), new Shared<unknown>(), new Shared<unknown>()];
  /** Names of sets of labels: where there may be several at once, these are the classes. */
  const sets = new Shared<string>();
  const settings = protocols.flatMap((protocol, table) => protocol.settings.map((setting) => ({ ...setting, table })));
  const packed = new Map(runs.map((run) => {
    const nameOf = (set: readonly number[]) => set.map((label) => run.task.labels[label]).join(", ") || "none";
    return [run, packAnswers(run.answers, (set) => sets.place(nameOf(set), () => nameOf(set)))];
  }));
  for (const [run, answers] of packed) {
    const truth = answers?.truth ?? NOTHING;
    tests.place(run.test, () => ({ ids: run.test.ids.map((id) => showName(id, 80)), truth }));
  }
  const size = JSON.stringify(tests.values).length +
    packed.values().reduce((sum, answers) => sum + (answers?.predicted.bits.length ?? 0), 0);
  const isWhole = size <= MOST_ANSWERS;

  if (texts && isWhole) addTexts(tests, runs, texts);
  const generated = generatedOf(runs);
  const describe = (run: Run, setting: number) => ({
    id: run.id,
    setting,
    seed: run.spec.seed,
    validation: roundScores(run.scores.validation),
    test: roundScores(run.scores.test),
    best: run.bestEpoch,
    epochs: run.curve.validation.map((scores) => round(scores[run.metrics[0].name])),
    losses: thin(run.curve.stepLoss).map(round),
    steps: run.curve.stepLoss.length,
    parameters: run.parameters,
    memory: run.memory,
    time: run.time,
    started: run.environment.started,
    environment: environments.place(environmentKey(run), () => environmentOf(run)),
    integrity: run.checks.integrity.map((check) => checks.place(canonical(check), () => check)),
    flags: run.checks.flags.map((check) => checks.place(canonical(check), () => check)),
    labels: run.answers.kind === "label sets"
      ? labels.place(sets, () => sets.values)
      : run.answers.kind === "choices"
      ? labels.place("choices", () => choicesOf(runs))
      : labels.place(canonical(run.task.labels), () => run.task.labels),
    kind: packed.get(run)?.kind ?? "numbers",
    ...texts && isWhole && run.answers.kind === "texts" && { generated: run.answers.predicted.slice(0, generated) },
    test_set: tests.place(run.test, () => ({ ids: [], truth: NOTHING })),
    answers: isWhole ? packed.get(run)?.predicted ?? null : null,
  });
  const described = settings.flatMap(({ runs }, index) => runs.map((run) => describe(run, index)));
  return clean({
    tables: protocols.map((protocol) => {
      const [{ metric, secondary }] = protocol.settings;
      const units = Object.fromEntries([{ metric }, ...secondary].map(({ metric }) => [metric.name, metric.unit]));
      return { title: titleOf(protocol, protocols), metric: metric.name, unit: metric.unit, units };
    }),
    settings: settings.map(({ id, label, options, table, runs: [{ spec }] }) => {
      const { seed: _seed, ...common } = spec;
      return { id, label, options, table, spec: common };
    }),
    runs: described,
    tests: isWhole ? tests.values : [],
    labels: labels.values,
    environments: environments.values,
    checks: checks.values,
  }) as PageData;
}

/** Names of the places of choices: as many as the most choices of an example. */
function choicesOf(runs: readonly Run[]): string[] {
  let most = 0;
  for (const { answers } of runs) {
    if (answers.kind === "choices") { for (const { choices } of answers.truth) most = Math.max(most, choices.length); }
  }
  return Array.from({ length: most }, (_, at) => `choice ${at + 1}`);
}

/** The number of examples whose generated texts are shown of each run. */
function generatedOf(runs: readonly Run[]): number {
  const count = runs.filter(({ answers }) => answers.kind === "texts").length;
  return Math.min(MOST_GENERATED, Math.floor(MOST_TEXT / MOST_LETTERS / count));
}

/** Gives test sets the texts of those examples that their runs answer differently, or for which texts are shown; of these also a reference. */
function addTexts(tests: Shared<PageData["tests"][number]>, runs: readonly Run[], texts: Texts): void {
  let left = MOST_TEXT;
  for (const [test, [first, ...others]] of Map.groupBy(runs, ({ test }) => test)) {
    const known = texts.get(first.spec.task.name);
    const shown: Record<number, string> = {};
    const { answers } = first;
    if (answers.kind === "texts") {
      const references = answers.truth.slice(0, generatedOf(runs)).map(([reference]) =>
        showName(reference, MOST_LETTERS)
      );
      tests.values[tests.place(test, () => ({ ids: [], truth: NOTHING }))].references = references;
    }
    test.ids.forEach((id, at) => {
      const text = known?.get(id);
      // Compared as texts: an answer may be a list of labels.
      const answerOf = ({ answers }: Run) => String(answers.predicted[at]);
      if (text === undefined || others.every((run) => answerOf(run) === answerOf(first))) return;
      shown[at] = showName(text, MOST_LETTERS);
      left -= shown[at].length;
      if (left < 0) delete shown[at];
    });
    if (Object.keys(shown).length > 0) {
      tests.values[tests.place(test, () => ({ ids: [], truth: NOTHING }))].texts = shown;
    }
  }
}

function environmentOf({ environment: { started: _started, ...rest } }: Run): unknown {
  return rest;
}

function environmentKey(run: Run): string {
  return canonical(environmentOf(run) as Record<string, unknown>);
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}

function roundScores(scores: Run["scores"]["test"]): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).map(([name, score]) => [name, round(score)]));
}

/** Means of equal stretches of the values. */
function thin(values: readonly number[]): number[] {
  if (values.length <= MOST_LOSSES) return [...values];
  return Array.from({ length: MOST_LOSSES }, (_, part) => {
    const [from, to] = [part, part + 1].map((edge) => Math.round(edge * values.length / MOST_LOSSES));
    return mean(values.slice(from, to));
  });
}

/** The value with every text in one line and of bounded length, names of members too; base64 is no text. */
function clean(value: unknown, name = ""): unknown {
  if (typeof value === "string") return name === "bits" ? value : showName(value, MOST_LETTERS);
  if (Array.isArray(value)) return value.map((item) => clean(item));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [showName(key, MOST_LETTERS), clean(inner, key)]),
  );
}
