/**
 * The papers of methods.
 * @module
 */
import { people, type Work } from "../work.ts";

/** The papers that the table of methods names. */
export const methodWorks: readonly Work[] = [
  {
    kind: "conference",
    title: "LoRA: Low-Rank Adaptation of Large Language Models",
    authors: people(
      "Hu, Edward J.; Shen, Yelong; Wallis, Phillip; Allen-Zhu, Zeyuan; Li, Yuanzhi; Wang, Shean; Wang, Lu; Chen, Weizhu",
    ),
    year: 2022,
    container: "International Conference on Learning Representations",
    url: "https://arxiv.org/abs/2106.09685",
  },
  {
    kind: "conference",
    title: "DoRA: Weight-Decomposed Low-Rank Adaptation",
    authors: people(
      "Liu, Shih-Yang; Wang, Chien-Yi; Yin, Hongxu; Molchanov, Pavlo; Wang, Yu-Chiang Frank; Cheng, Kwang-Ting; " +
        "Chen, Min-Hung",
    ),
    year: 2024,
    container: "International Conference on Machine Learning",
    url: "https://arxiv.org/abs/2402.09353",
  },
  {
    kind: "conference",
    title: "The Power of Scale for Parameter-Efficient Prompt Tuning",
    authors: people("Lester, Brian; Al-Rfou, Rami; Constant, Noah"),
    year: 2021,
    container: "Proceedings of the 2021 Conference on Empirical Methods in Natural Language Processing",
    pages: "3045–3059",
    doi: "10.18653/v1/2021.emnlp-main.243",
    url: "https://arxiv.org/abs/2104.08691",
  },
  {
    kind: "article",
    title: "GPT Understands, Too",
    authors: people(
      "Liu, Xiao; Zheng, Yanan; Du, Zhengxiao; Ding, Ming; Qian, Yujie; Yang, Zhilin; Tang, Jie",
    ),
    year: 2021,
    container: "arXiv:2103.10385",
    url: "https://arxiv.org/abs/2103.10385",
  },
  {
    kind: "conference",
    title: "Prefix-Tuning: Optimizing Continuous Prompts for Generation",
    authors: people("Li, Xiang Lisa; Liang, Percy"),
    year: 2021,
    container: "Proceedings of the 59th Annual Meeting of the Association for Computational Linguistics and the 11th " +
      "International Joint Conference on Natural Language Processing",
    pages: "4582–4597",
    doi: "10.18653/v1/2021.acl-long.353",
    url: "https://arxiv.org/abs/2101.00190",
  },
  {
    kind: "article",
    title: "P-Tuning v2: Prompt Tuning Can Be Comparable to Fine-tuning Universally Across Scales and Tasks",
    authors: people(
      "Liu, Xiao; Ji, Kaixuan; Fu, Yicheng; Tam, Weng Lam; Du, Zhengxiao; Yang, Zhilin; Tang, Jie",
    ),
    year: 2022,
    container: "arXiv:2110.07602",
    url: "https://arxiv.org/abs/2110.07602",
  },
  {
    kind: "conference",
    title: "Understanding intermediate layers using linear classifier probes",
    authors: people("Alain, Guillaume; Bengio, Yoshua"),
    year: 2017,
    container: "International Conference on Learning Representations, Workshop Track",
    url: "https://arxiv.org/abs/1610.01644",
  },
  {
    kind: "conference",
    title: "Universal Language Model Fine-tuning for Text Classification",
    authors: people("Howard, Jeremy; Ruder, Sebastian"),
    year: 2018,
    container: "Proceedings of the 56th Annual Meeting of the Association for Computational Linguistics",
    pages: "328–339",
    doi: "10.18653/v1/P18-1031",
    url: "https://arxiv.org/abs/1801.06146",
  },
  {
    kind: "conference",
    title: "BitFit: Simple Parameter-efficient Fine-tuning for Transformer-based Masked Language-models",
    authors: people("Ben Zaken, Elad; Goldberg, Yoav; Ravfogel, Shauli"),
    year: 2022,
    container: "Proceedings of the 60th Annual Meeting of the Association for Computational Linguistics",
    pages: "1–9",
    doi: "10.18653/v1/2022.acl-short.1",
    url: "https://arxiv.org/abs/2106.10199",
  },
  {
    kind: "article",
    title: "Tuning LayerNorm in Attention: Towards Efficient Multi-Modal LLM Finetuning",
    authors: people("Zhao, Bingchen; Tu, Haoqin; Wei, Chen; Mei, Jieru; Xie, Cihang"),
    year: 2023,
    container: "arXiv:2312.11420",
    url: "https://arxiv.org/abs/2312.11420",
  },
  {
    kind: "conference",
    title: "VeRA: Vector-based Random Matrix Adaptation",
    authors: people("Kopiczko, Dawid J.; Blankevoort, Tijmen; Asano, Yuki M."),
    year: 2024,
    container: "International Conference on Learning Representations",
    url: "https://arxiv.org/abs/2310.11454",
  },
  {
    kind: "conference",
    title: "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
    authors: people(
      "Liu, Haokun; Tam, Derek; Muqeeth, Mohammed; Mohta, Jay; Huang, Tenghao; Bansal, Mohit; Raffel, Colin",
    ),
    year: 2022,
    container: "Advances in Neural Information Processing Systems",
    volume: "35",
    url: "https://arxiv.org/abs/2205.05638",
  },
  {
    kind: "conference",
    title: "Parameter-Efficient Transfer Learning for NLP",
    authors: people(
      "Houlsby, Neil; Giurgiu, Andrei; Jastrzebski, Stanislaw; Morrone, Bruna; de Laroussilhe, Quentin; " +
        "Gesmundo, Andrea; Attariyan, Mona; Gelly, Sylvain",
    ),
    year: 2019,
    container: "Proceedings of the 36th International Conference on Machine Learning",
    volume: "97",
    pages: "2790–2799",
    url: "https://arxiv.org/abs/1902.00751",
  },
  {
    kind: "conference",
    title: "AdapterFusion: Non-Destructive Task Composition for Transfer Learning",
    authors: people("Pfeiffer, Jonas; Kamath, Aishwarya; Rücklé, Andreas; Cho, Kyunghyun; Gurevych, Iryna"),
    year: 2021,
    container:
      "Proceedings of the 16th Conference of the European Chapter of the Association for Computational Linguistics",
    pages: "487–503",
    doi: "10.18653/v1/2021.eacl-main.39",
    url: "https://arxiv.org/abs/2005.00247",
  },
  {
    kind: "conference",
    title: "Exploiting Cloze Questions for Few Shot Text Classification and Natural Language Inference",
    authors: people("Schick, Timo; Schütze, Hinrich"),
    year: 2021,
    container:
      "Proceedings of the 16th Conference of the European Chapter of the Association for Computational Linguistics",
    pages: "255–269",
    doi: "10.18653/v1/2021.eacl-main.20",
    url: "https://arxiv.org/abs/2001.07676",
  },
  {
    kind: "conference",
    title: "Language Models are Few-Shot Learners",
    authors: people(
      "Brown, Tom B.; Mann, Benjamin; Ryder, Nick; Subbiah, Melanie; Kaplan, Jared; Dhariwal, Prafulla; Neelakantan, Arvind; " +
        "Shyam, Pranav; Sastry, Girish; Askell, Amanda; Agarwal, Sandhini; Herbert-Voss, Ariel; Krueger, Gretchen; Henighan, Tom; " +
        "Child, Rewon; Ramesh, Aditya; Ziegler, Daniel M.; Wu, Jeffrey; Winter, Clemens; Hesse, Christopher; Chen, Mark; " +
        "Sigler, Eric; Litwin, Mateusz; Gray, Scott; Chess, Benjamin; Clark, Jack; Berner, Christopher; McCandlish, Sam; " +
        "Radford, Alec; Sutskever, Ilya; Amodei, Dario",
    ),
    year: 2020,
    container: "Advances in Neural Information Processing Systems",
    url: "https://arxiv.org/abs/2005.14165",
  },
];
