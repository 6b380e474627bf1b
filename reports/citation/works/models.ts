/**
 * The papers of models and of architectures.
 * @module
 */
import { people, type Work } from "../work.ts";

/** The papers that the tables of models and architectures name. */
export const modelWorks: readonly Work[] = [
  {
    kind: "article",
    title: "Universal Sentence Encoder",
    authors: people(
      "Cer, Daniel; Yang, Yinfei; Kong, Sheng-yi; Hua, Nan; Limtiaco, Nicole; St. John, Rhomni; Constant, Noah; " +
        "Guajardo-Cespedes, Mario; Yuan, Steve; Tar, Chris; Sung, Yun-Hsuan; Strope, Brian; Kurzweil, Ray",
    ),
    year: 2018,
    container: "arXiv:1803.11175",
    url: "https://arxiv.org/abs/1803.11175",
  },
  {
    kind: "conference",
    title: "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    authors: people("Devlin, Jacob; Chang, Ming-Wei; Lee, Kenton; Toutanova, Kristina"),
    year: 2019,
    container:
      "Proceedings of the 2019 Conference of the North American Chapter of the Association for Computational " +
      "Linguistics: Human Language Technologies",
    pages: "4171–4186",
    doi: "10.18653/v1/N19-1423",
    url: "https://arxiv.org/abs/1810.04805",
  },
  {
    kind: "article",
    title: "DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter",
    authors: people("Sanh, Victor; Debut, Lysandre; Chaumond, Julien; Wolf, Thomas"),
    year: 2019,
    container: "arXiv:1910.01108",
    url: "https://arxiv.org/abs/1910.01108",
  },
  {
    kind: "article",
    title: "RoBERTa: A Robustly Optimized BERT Pretraining Approach",
    authors: people(
      "Liu, Yinhan; Ott, Myle; Goyal, Naman; Du, Jingfei; Joshi, Mandar; Chen, Danqi; Levy, Omer; Lewis, Mike; " +
        "Zettlemoyer, Luke; Stoyanov, Veselin",
    ),
    year: 2019,
    container: "arXiv:1907.11692",
    url: "https://arxiv.org/abs/1907.11692",
  },
  {
    kind: "other",
    title: "Language Models are Unsupervised Multitask Learners",
    authors: people(
      "Radford, Alec; Wu, Jeffrey; Child, Rewon; Luan, David; Amodei, Dario; Sutskever, Ilya",
    ),
    year: 2019,
    publisher: "OpenAI",
    url: "https://openai.com/research/better-language-models",
  },
  {
    kind: "article",
    title: "LLaMA: Open and Efficient Foundation Language Models",
    authors: people(
      "Touvron, Hugo; Lavril, Thibaut; Izacard, Gautier; Martinet, Xavier; Lachaux, Marie-Anne; Lacroix, Timothée; " +
        "Rozière, Baptiste; Goyal, Naman; Hambro, Eric; Azhar, Faisal; Rodriguez, Aurelien; Joulin, Armand; " +
        "Grave, Edouard; Lample, Guillaume",
    ),
    year: 2023,
    container: "arXiv:2302.13971",
    url: "https://arxiv.org/abs/2302.13971",
  },
  {
    kind: "article",
    title: "Mistral 7B",
    authors: people(
      "Jiang, Albert Q.; Sablayrolles, Alexandre; Mensch, Arthur; Bamford, Chris; Chaplot, Devendra Singh; " +
        "de las Casas, Diego; Bressand, Florian; Lengyel, Gianna; Lample, Guillaume; Saulnier, Lucile; " +
        "Lavaud, Lélio Renard; Lachaux, Marie-Anne; Stock, Pierre; Le Scao, Teven; Lavril, Thibaut; Wang, Thomas; " +
        "Lacroix, Timothée; El Sayed, William",
    ),
    year: 2023,
    container: "arXiv:2310.06825",
    url: "https://arxiv.org/abs/2310.06825",
  },
  {
    kind: "article",
    title: "Qwen2 Technical Report",
    authors: people("Yang, An; Yang, Baosong; Hui, Binyuan; Zheng, Bo; Yu, Bowen"),
    others: true,
    year: 2024,
    container: "arXiv:2407.10671",
    url: "https://arxiv.org/abs/2407.10671",
  },
  {
    kind: "article",
    title: "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
    authors: people(
      "Raffel, Colin; Shazeer, Noam; Roberts, Adam; Lee, Katherine; Narang, Sharan; Matena, Michael; Zhou, Yanqi; " +
        "Li, Wei; Liu, Peter J.",
    ),
    year: 2020,
    container: "Journal of Machine Learning Research",
    volume: "21",
    issue: "140",
    pages: "1–67",
    url: "https://arxiv.org/abs/1910.10683",
  },
];
