/**
 * The papers of data sets.
 * @module
 */
import { people, type Work } from "../work.ts";

/** The papers that the table of tasks names. */
export const taskWorks: readonly Work[] = [
  {
    kind: "conference",
    title: "From Group to Individual Labels Using Deep Features",
    authors: people("Kotzias, Dimitrios; Denil, Misha; de Freitas, Nando; Smyth, Padhraic"),
    year: 2015,
    container: "Proceedings of the 21st ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    pages: "597–606",
    doi: "10.1145/2783258.2783380",
  },
  {
    kind: "book",
    title: "A Standard Corpus of Present-Day Edited American English, for use with Digital Computers",
    authors: people("Francis, W. Nelson; Kučera, Henry"),
    year: 1979,
    publisher: "Brown University",
  },
  {
    kind: "article",
    title: "WordNet: A Lexical Database for English",
    authors: people("Miller, George A."),
    year: 1995,
    container: "Communications of the ACM",
    volume: "38",
    issue: "11",
    pages: "39–41",
    doi: "10.1145/219717.219748",
  },
  {
    kind: "conference",
    title: "The PASCAL Recognising Textual Entailment Challenge",
    authors: people("Dagan, Ido; Glickman, Oren; Magnini, Bernardo"),
    year: 2006,
    container: "Machine Learning Challenges",
    pages: "177–190",
    doi: "10.1007/11736790_9",
  },
  {
    kind: "conference",
    title: "GLUE: A Multi-Task Benchmark and Analysis Platform for Natural Language Understanding",
    authors: people(
      "Wang, Alex; Singh, Amanpreet; Michael, Julian; Hill, Felix; Levy, Omer; Bowman, Samuel R.",
    ),
    year: 2019,
    container: "International Conference on Learning Representations",
    url: "https://arxiv.org/abs/1804.07461",
  },
  {
    kind: "conference",
    title: "The E2E Dataset: New Challenges For End-to-End Generation",
    authors: people("Novikova, Jekaterina; Dušek, Ondřej; Rieser, Verena"),
    year: 2017,
    container: "Proceedings of the 18th Annual SIGdial Meeting on Discourse and Dialogue",
    pages: "201–206",
    doi: "10.18653/v1/W17-5525",
    url: "https://arxiv.org/abs/1706.09254",
  },
];
