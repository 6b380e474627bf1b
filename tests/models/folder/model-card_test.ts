import assert from "node:assert/strict";
import { findFolder } from "../../../models/mod.ts";
import { whole } from "./bert.ts";
import { makeFolder } from "./copies.ts";

const cards: [card: string, licence: string][] = [
  ["---\nlanguage: en\nlicense: apache-2.0\ntags:\n- x\n---\n# Bert", "apache-2.0"],
  ["---\r\nlicense: mit\r\n---\r\n", "mit"],
  ["---\nlicense:\n- mit\n- apache-2.0\n---\n", "unknown"],
  ["---\nlanguage: en\n---\nlicense: mit\n", "unknown"],
  ["license: mit\n", "unknown"],
  [`---\nlicense: ${"x".repeat(200)}\n---\n`, "unknown"],
  [`---\nlicense: mit\n${" ".repeat(60_000)}\n---\n`, "mit"],
  [`---\nlicense:${" ".repeat(60_000)}mit\n---\n`, "mit"],
  // Beyond the 65,536 bytes that are read.
  [`---\n${" ".repeat(70_000)}\nlicense: mit\n---\n`, "unknown"],
];

for (const [card, licence] of cards) {
  Deno.test(`the licence of a folder is that of its card: ${JSON.stringify(card).slice(0, 60)}`, async () => {
    assert.equal((await findFolder(await makeFolder({ ...whole, "README.md": card }))).licence, licence);
  });
}

const bert = "none in its model card; architecture: Devlin et al. (2019), BERT, https://arxiv.org/abs/1810.04805";
const hu =
  "@article{hu2021lora,\n  title={{LoRA}: Low-Rank Adaptation},\n  author={Hu, Edward J. and Shen, Yelong and others},\n" +
  "  journal={arXiv preprint arXiv:2106.09685},\n  year={2021}\n}";

const cited: [card: string, citation: string][] = [
  ["# A model without a citation", bert],
  [
    "# A model\n```bibtex\n" + hu + "\n```\n",
    "Edward J. Hu, Yelong Shen et al. (2021), LoRA: Low-Rank Adaptation, https://arxiv.org/abs/2106.09685",
  ],
  [
    '@misc{x, author = "Bj{\\"o}rn M\\"uller and Ana P{\\\'e}rez", title = {A; B}, year = 2024, doi = {10.1/x}}',
    "Björn Müller and Ana Pérez (2024), A, B, https://doi.org/10.1/x",
  ],
  ["@misc{x,\n title={Only a title}\n}", bert],
  ["@misc{x, title={Never closed", bert],
  ["---\ntags:\n- arxiv:1910.01108\n- arxiv:1910.01108\n---\n", "https://arxiv.org/abs/1910.01108"],
  [`@misc{x, title={${"{".repeat(9000)}`, bert],
  // A pattern that tries every line's start against every line's end takes seconds for these.
  [`---\n${"\n".repeat(65_000)}\n---\n`, bert],
];

for (const [card, citation] of cited) {
  Deno.test(`the citation of a folder is that of its card: ${JSON.stringify(card).slice(0, 60)}`, async () => {
    assert.equal((await findFolder(await makeFolder({ ...whole, "README.md": card }))).citation, citation);
  });
}
