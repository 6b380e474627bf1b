/**
 * Classifying by words of a language model, next to the plain forward passes that it consists of.
 * @module
 */
import { cpu } from "../../engine/devices/cpu.ts";
import type { Encoding } from "../../models/types.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { median } from "../../reports/statistics/basics.ts";
import type { SignedProgram } from "../../runs/programs/classifier.ts";
import { asWordBackbone, type LabelWords, wordClassifier } from "../../runs/programs/word-classifier.ts";
import { findModel } from "../../runs/study/find-model.ts";
import { trainingDefaults } from "../../runs/study/training-defaults.ts";
import { microBatches } from "../../runs/training/batches.ts";
import { amazon } from "../../tasks/amazon.ts";
import { THREADS } from "../cases.ts";
import { type Report, spread, table } from "./report.ts";

/** Texts that are classified in a round. */
const TEXTS = 400;
/** Most times of the plain passes that it may take. */
const MOST = 1.3;

/** Tokens of words of several. */
const SEVERAL = [1, 2, 3, 4];

/** What is measured: a program that computes some tokens for each text besides its own. */
interface Work {
  title: string;
  program: SignedProgram;
  /** How many. */
  more: number;
  /** Whether these stand in its inputs; else they are of words, which the program has itself. */
  given?: boolean;
}

/** Labels with a word of so many tokens each; which tokens these are makes no difference. */
function labelWords(lengths: readonly number[], vocabularySize: number): LabelWords {
  let used = 0;
  const share = Math.floor(vocabularySize / (1 + lengths.reduce((sum, length) => sum + length, 0)));
  return lengths.map((length) => [Array.from({ length }, () => share * ++used)]);
}

/**
 * Measures words of one token and, where the model is no masked one, words of one to four tokens, in turn with plain passes.
 * @param folder of the model
 * @throws {UsageError} if the folder cannot be used
 * @throws {Error} if the model has no language model's head
 */
export async function measureWords(folder: string, rounds: number, texts = TEXTS): Promise<Report> {
  const backbone = asWordBackbone(await (await findModel(folder)).open());
  const { vocabularySize, languageModel } = backbone;
  const classifierOf = (...lengths: number[]) => {
    const words = labelWords(lengths, vocabularySize);
    return wordClassifier(backbone, compose([], backbone), words, { labels: lengths.map(String) });
  };
  const ofOne = classifierOf(1, 1);
  // Plain passes, each before what consists of them.
  const works: Work[] = [
    { title: "plain passes", program: ofOne.backboneFeatures, more: 0 },
    { title: "words of one token", program: ofOne.logits, more: 0 },
  ];
  if (languageModel) {
    const { logits, branches } = classifierOf(...SEVERAL);
    works.push(
      { title: `plain passes, ${branches} tokens more`, program: ofOne.backboneFeatures, more: branches, given: true },
      { title: "words of one to four tokens", program: logits, more: branches },
    );
  }
  const most = works.at(-1)!.more;
  const { maxLength, microBatchRows } = trainingDefaults;
  const pool = (await amazon.load()).pool!.slice(0, texts);
  const encoded = await Array.fromAsync(pool, async ({ text }): Promise<Encoding> => {
    // In the task's first template.
    const ids = await backbone.encode(`${text} It was`, Math.min(maxLength, backbone.maxLength - most));
    // Of masked models: any place in the text.
    return Object.assign([...ids], { answer: ids.length - 1 });
  });
  // Which tokens these are makes no difference.
  const lengthened = encoded.map((ids): Encoding => [...ids, ...Array<number>(most).fill(ids[0])]);
  const executables = await Array.fromAsync(
    works,
    ({ program: { program, signature } }) => cpu.compile(program, signature, { threads: THREADS }),
  );
  const seconds: number[][] = works.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, { more, given }] of works.entries()) {
      const inputs = given ? lengthened : encoded;
      const begun = performance.now();
      for (
        const indices of microBatches([...encoded.keys()], encoded.map((ids) => ids.length + more), microBatchRows)
      ) {
        await executables[at].run({ parameters: {}, inputs: ofOne.collate(indices.map((index) => inputs[index])) });
      }
      // The first round warms up.
      if (round > 0) seconds[at].push((performance.now() - begun) / 1000);
    }
  }
  for (const executable of executables) await executable.release();
  const ratios = seconds.map((times, at) => times.map((time, round) => time / seconds[at - at % 2][round]));
  const rows = works.map(({ title }, at) => ({
    "": title,
    "s": spread(seconds[at], 2),
    "× plain": spread(ratios[at], 2),
  }));
  const heading =
    `${pool.length} texts classified by words, next to plain forward passes over as many tokens; ${rounds} rounds in one process.`;
  const violations = works.flatMap(({ title }, at) =>
    median(ratios[at]) <= MOST ? [] : [
      `Cannot score ${title} in time: it must take at most ${MOST} × the plain passes, current value is ${
        median(ratios[at]).toFixed(2)
      }`,
    ]
  );
  return { text: `${heading}\n\n${table(rows)}`, violations };
}
