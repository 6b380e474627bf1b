/**
 * The papers of metrics and of statistics.
 * @module
 */
import { people, type Work } from "../work.ts";

const macroF1: readonly Work[] = [{
  kind: "article",
  title: "Macro F1 and Macro F1",
  authors: people("Opitz, Juri; Burst, Sebastian"),
  year: 2019,
  container: "arXiv:1911.03347",
  url: "https://arxiv.org/abs/1911.03347",
}];

const rouge: readonly Work[] = [{
  kind: "conference",
  title: "ROUGE: A Package for Automatic Evaluation of Summaries",
  authors: people("Lin, Chin-Yew"),
  year: 2004,
  container: "Text Summarization Branches Out",
  pages: "74–81",
}];

const squad: readonly Work[] = [{
  kind: "conference",
  title: "SQuAD: 100,000+ Questions for Machine Comprehension of Text",
  authors: people("Rajpurkar, Pranav; Zhang, Jian; Lopyrev, Konstantin; Liang, Percy"),
  year: 2016,
  container: "Proceedings of the 2016 Conference on Empirical Methods in Natural Language Processing",
  pages: "2383–2392",
  doi: "10.18653/v1/D16-1264",
}];

/** The papers of a metric by its name; what textbooks define needs none. */
export const metricWorks: Record<string, readonly Work[]> = {
  accuracy: [],
  pearson: [],
  spearman: [],
  mse: [],
  micro_f1: [],
  exact_match: [],
  macro_f1: macroF1,
  macro_f1_of_others: macroF1,
  f1: [],
  macro_recall: [],
  matthews: [
    {
      kind: "article",
      title: "Comparison of the predicted and observed secondary structure of T4 phage lysozyme",
      authors: people("Matthews, B. W."),
      year: 1975,
      container: "Biochimica et Biophysica Acta (BBA) – Protein Structure",
      volume: "405",
      issue: "2",
      pages: "442–451",
      doi: "10.1016/0005-2795(75)90109-9",
    },
    {
      kind: "article",
      title: "Comparing two K-category assignments by a K-category correlation coefficient",
      authors: people("Gorodkin, J."),
      year: 2004,
      container: "Computational Biology and Chemistry",
      volume: "28",
      issue: "5–6",
      pages: "367–374",
      doi: "10.1016/j.compbiolchem.2004.09.006",
    },
  ],
  bleu: [
    {
      kind: "conference",
      title: "BLEU: a Method for Automatic Evaluation of Machine Translation",
      authors: people("Papineni, Kishore; Roukos, Salim; Ward, Todd; Zhu, Wei-Jing"),
      year: 2002,
      container: "Proceedings of the 40th Annual Meeting of the Association for Computational Linguistics",
      pages: "311–318",
      doi: "10.3115/1073083.1073135",
    },
    {
      kind: "conference",
      title: "A Call for Clarity in Reporting BLEU Scores",
      authors: people("Post, Matt"),
      year: 2018,
      container: "Proceedings of the Third Conference on Machine Translation: Research Papers",
      pages: "186–191",
      doi: "10.18653/v1/W18-6319",
    },
  ],
  rouge_l: rouge,
  rouge_1: rouge,
  rouge_2: rouge,
  rouge_lsum: rouge,
  chrf: [{
    kind: "conference",
    title: "chrF: character n-gram F-score for automatic MT evaluation",
    authors: people("Popović, Maja"),
    year: 2015,
    container: "Proceedings of the Tenth Workshop on Statistical Machine Translation",
    pages: "392–395",
    doi: "10.18653/v1/W15-3049",
  }],
  answer_match: squad,
  answer_f1: squad,
  final_number: [],
  perplexity: [{
    kind: "article",
    title: "Perplexity—a measure of the difficulty of speech recognition tasks",
    authors: people("Jelinek, F.; Mercer, R. L.; Bahl, L. R.; Baker, J. K."),
    year: 1977,
    container: "The Journal of the Acoustical Society of America",
    volume: "62",
    issue: "S1",
    pages: "S63",
    doi: "10.1121/1.2016299",
  }],
};

/** What a statistic of the reports needs. */
export type StatisticCondition = "seeds" | "methods" | "pseudo-values" | "tasks" | "FLOPs";

/** A statistic of the reports. */
export interface Statistic {
  /** What it is for. */
  name: string;
  /**
   * When reports use it: with several seeds, several methods, a metric that is no mean over examples, several tasks, records
   * that have FLOPs.
   */
  needs: StatisticCondition;
  /** Its papers. */
  works: readonly Work[];
}

/** The statistics of the reports. */
export const statistics: readonly Statistic[] = [
  {
    name: "t interval",
    needs: "seeds",
    works: [{
      kind: "article",
      title: "The Probable Error of a Mean",
      authors: [{ name: "Student" }],
      year: 1908,
      container: "Biometrika",
      volume: "6",
      issue: "1",
      pages: "1–25",
      doi: "10.1093/biomet/6.1.1",
    }],
  },
  {
    name: "degrees of freedom of intervals",
    needs: "seeds",
    works: [{
      kind: "article",
      title: "An Approximate Distribution of Estimates of Variance Components",
      authors: people("Satterthwaite, F. E."),
      year: 1946,
      container: "Biometrics Bulletin",
      volume: "2",
      issue: "6",
      pages: "110–114",
      doi: "10.2307/3002019",
    }],
  },
  {
    name: "studentised range",
    needs: "methods",
    works: [{
      kind: "article",
      title: "Comparing Individual Means in the Analysis of Variance",
      authors: people("Tukey, John W."),
      year: 1949,
      container: "Biometrics",
      volume: "5",
      issue: "2",
      pages: "99–114",
      doi: "10.2307/3001913",
    }],
  },
  {
    name: "McNemar's test of two methods (report --compare)",
    needs: "methods",
    works: [{
      kind: "article",
      title: "Note on the sampling error of the difference between correlated proportions or percentages",
      authors: people("McNemar, Quinn"),
      year: 1947,
      container: "Psychometrika",
      volume: "12",
      issue: "2",
      pages: "153–157",
      doi: "10.1007/BF02295996",
    }],
  },
  {
    name: "bootstrap of two methods (report --compare)",
    needs: "methods",
    works: [{
      kind: "article",
      title: "Bootstrap Methods: Another Look at the Jackknife",
      authors: people("Efron, Bradley"),
      year: 1979,
      container: "The Annals of Statistics",
      volume: "7",
      issue: "1",
      pages: "1–26",
      doi: "10.1214/aos/1176344552",
    }],
  },
  {
    name: "sign-flip test of two methods (report --compare)",
    needs: "methods",
    works: [{
      kind: "book",
      title: "The Design of Experiments",
      authors: people("Fisher, Ronald A."),
      year: 1935,
      publisher: "Oliver and Boyd",
    }],
  },
  {
    name: "PSCP",
    needs: "FLOPs",
    works: [{
      kind: "article",
      title: "PEFT-Bench: A Parameter-Efficient Fine-Tuning Methods Benchmark",
      authors: people("Belanec, Robert; Pecher, Branislav; Srba, Ivan; Bielikova, Maria"),
      year: 2025,
      container: "arXiv:2511.21285",
      url: "https://arxiv.org/abs/2511.21285",
    }],
  },
  {
    name: "jackknife",
    needs: "pseudo-values",
    works: [{
      kind: "article",
      title: "Bias and confidence in not-quite large samples (abstract)",
      authors: people("Tukey, John W."),
      year: 1958,
      container: "The Annals of Mathematical Statistics",
      volume: "29",
      issue: "2",
      pages: "614",
    }],
  },
  {
    name: "ranks over tasks, critical difference",
    needs: "tasks",
    works: [{
      kind: "article",
      title: "Statistical Comparisons of Classifiers over Multiple Data Sets",
      authors: people("Demšar, Janez"),
      year: 2006,
      container: "Journal of Machine Learning Research",
      volume: "7",
      pages: "1–30",
    }],
  },
];
