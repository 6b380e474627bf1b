import assert from "node:assert/strict";
import fc from "fast-check";
import config from "../../../deno.json" with { type: "json" };
import { methods } from "../../../methods/mod.ts";
import { architectures, models } from "../../../models/mod.ts";
import { cite, readSources } from "../../../reports/citation/cite.ts";
import { findWorks } from "../../../reports/citation/find-works.ts";
import { plain } from "../../../reports/citation/plain-text.ts";
import { metricWorks } from "../../../reports/citation/works/measures.ts";
import { metrics } from "../../../tasks/metrics.ts";
import { tasks } from "../../../tasks/mod.ts";
import { multiLabelMetrics } from "../../../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../../../tasks/metrics/regression.ts";
import { generationMetrics } from "../../../tasks/metrics/generation.ts";
import { inFolder } from "../../in-folder.ts";
import { makeRecord } from "../record-factory.ts";
import { parseCff } from "./cff-schema.ts";
import { HOSTILE, hostileRecord } from "./hostile.ts";
import { parseBibtex, printed } from "./parse-bibtex.ts";

Deno.test("every method, model, architecture and task of the tables has works with full names", () => {
  const citations = [
    ...Object.values(methods).map(({ paper }) => paper),
    ...[...Object.values(models), ...Object.values(architectures), ...Object.values(tasks)].map(({ citation }) =>
      citation
    ),
  ];
  for (const citation of citations) {
    const works = findWorks(citation);
    assert.ok(works.length > 0, citation);
    for (const { authors, year } of works) {
      assert.ok(authors.every((author) => "family" in author && author.given !== undefined), citation);
      assert.ok(year !== undefined, citation);
    }
  }
});

Deno.test("every metric has a row among the works of metrics", () => {
  const tables = [metrics, generationMetrics, regressionMetrics, multiLabelMetrics(1)];
  const known = tables.flatMap((table) => Object.keys(table));
  assert.deepEqual(Object.keys(metricWorks).sort(), [...new Set(known)].sort());
});

Deno.test("a user's none, also with a reason, is nothing to cite", async () => {
  const record = makeRecord();
  for (const citation of ["none", "None: made up"]) {
    const described = { columns: { text: "a", label: "b" }, labels: ["x", "y"], metrics: ["accuracy"], citation };
    const spec = { ...record.spec, task: { name: "own", version: 1, described } };
    const sources = await readSources([{ ...record, spec, task: { ...record.task, citation } }]);
    assert.deepEqual(sources.find(({ role }) => role === "data set")?.works, [], citation);
  }
});

Deno.test("a citation of an unknown work is taken apart, and one of another form is kept whole", () => {
  assert.deepEqual(findWorks("Ada Lovelace and Jan van der Berg (2030), A Title; with a Part, https://x.org/a"), [{
    kind: "other",
    title: "A Title; with a Part",
    authors: [{ family: "Lovelace", given: "Ada" }, { family: "van der Berg", given: "Jan" }],
    year: 2030,
    url: "https://x.org/a",
  }]);
  assert.deepEqual(findWorks("see the README"), [{ kind: "other", title: "see the README", authors: [] }]);
  const [{ title }] = findWorks("Somebody et al. (2022), LoRA again, http://arxiv.org/abs/2106.09685v2");
  assert.match(title, /^LoRA: Low-Rank/);
});

const study = ["lora", "full", "lora+prompt-tuning"].flatMap((method) =>
  [0, 1].map((seed) => makeRecord({ method, seed }))
);

Deno.test("results are cited with the suite and every model, data set, method, metric and statistic", async () => {
  const entries = parseBibtex(await cite(study, "bibtex"));
  const keys = entries.map(({ key }) => key);
  for (const key of ["tunebench", "hu2022lora", "lester2021power", "howard2018universal", "kotzias2015from"]) {
    assert.ok(keys.includes(key), key);
  }
  for (const key of ["matthews1975comparison", "satterthwaite1946approximate", "tukey1949comparing"]) {
    assert.ok(keys.includes(key), key);
  }
  assert.equal(new Set(keys).size, keys.length);
  const { fields } = entries.find(({ key }) => key === "kotzias2015from")!;
  assert.match(fields.note, /data set sentiment\/amazon, version 1, licence CC BY 4\.0/);
});

Deno.test("the order of records changes nothing, and one seed of one method needs no statistics of several", async () => {
  for (const format of ["bibtex", "apa", "cff"] as const) {
    assert.equal(await cite(study, format), await cite(study.toReversed(), format));
  }
  const single = await readSources([study[0]]);
  assert.deepEqual(single.filter(({ role }) => role === "statistic").map(({ name }) => name), ["jackknife"]);
});

Deno.test("a model of the hub is cited as itself, and its architecture's paper as that of the architecture", async () => {
  const revision = "0123456789".repeat(4);
  for (
    const citation of [
      architectures.llama.citation,
      `none in its model card; architecture: ${architectures.llama.citation}`,
    ]
  ) {
    const record = makeRecord({
      model: "HuggingFaceTB/SmolLM2-135M",
      revision,
      change: ({ model }) => model.citation = citation,
    });
    const sources = await readSources([record]);
    const [model] = sources.filter(({ role }) => role === "model");
    assert.deepEqual(model.works.map(({ title, version }) => [title, version]), [[
      "HuggingFaceTB/SmolLM2-135M",
      revision,
    ]]);
    assert.match(model.note!, /no paper of its own/);
    const [architecture] = sources.filter(({ role }) => role === "architecture");
    assert.match(architecture.works[0].title, /^LLaMA/);
  }
});

Deno.test("a method that this version does not know is named, and it is said that its paper is not known", async () => {
  const record = makeRecord({ method: "future-method" });
  for (const format of ["bibtex", "apa", "cff"] as const) {
    assert.match(await cite([record], format), /Nothing to cite is known of method future-method.*does not know/);
  }
});

Deno.test("a described task is cited as its description says, and where that says nothing, it is said", async () => {
  const record = makeRecord({
    change: ({ spec, task }) => {
      const columns = { text: "body", label: "stars" };
      spec.task = { name: "mine", version: 1, described: { columns, labels: ["a", "b"], metrics: ["accuracy"] } };
      task.citation = "none stated";
    },
  });
  for (const format of ["bibtex", "apa", "cff"] as const) {
    const text = await cite([record], format);
    assert.match(text, /Nothing to cite is known of data set mine.*names no work/);
    assert.doesNotMatch(text, /title.*none stated/);
  }
  record.spec.task.described!.citation = record.task.citation = "Doe, Roe (2026). Days in reviews. Own press";
  assert.match(await cite([record], "apa"), /Days in reviews/);
});

Deno.test("without results the suite alone is cited, of the version that runs", async () => {
  const [{ fields }, ...others] = parseBibtex(await cite([], "bibtex"));
  assert.deepEqual(others, []);
  assert.equal(printed(fields.title), "TuneBench");
  const [{ version }] = await readSources([]);
  assert.equal(version, config.version);
});

Deno.test("CITATION.cff and the citations of results are valid by the schema of CFF 1.2.0", async () => {
  parseCff(await Deno.readTextFile(new URL("../../../CITATION.cff", import.meta.url)));
  const { references } = parseCff(await cite(study, "cff"));
  assert.ok((references as unknown[]).length > 10);
  assert.throws(() => parseCff("cff-version: 1.2.0\ntitle: x\n"));
  assert.throws(() => parseCff("cff-version: 1.2.0\ntitle: x\nmessage: m\nauthors: [{name: a}]\nlicense: none\n"));
});

Deno.test("APA shortens given names, joins authors with &, and names the source after the title", async () => {
  const text = await cite(study, "apa");
  assert.match(text, /^Lester, B\., Al-Rfou, R\., & Constant, N\. \(2021\)\. The Power of Scale .*\. In Proceedings /m);
  assert.match(
    text,
    /^Student\. \(1908\)\. The Probable Error of a Mean\. Biometrika, 6\(1\), 1–25\. https:\/\/doi\.org\//m,
  );
});

Deno.test("no text of a record breaks BibTeX, CFF or a line of APA", async () => {
  const texts = [...HOSTILE, ...fc.sample(fc.string({ unit: "binary" }), { numRuns: 60, seed: 1 })];
  for (const text of texts) {
    const record = hostileRecord(text);
    const entries = parseBibtex(await cite([record], "bibtex"));
    const shown = entries.map(({ fields }) => printed(fields.title));
    if (plain(text).length > 3 && plain(text).length < 200) {
      assert.ok(shown.some((title) => title.includes(plain(text).slice(0, 3).trim())), JSON.stringify(text));
    }
    parseCff(await cite([record], "cff"));
    // deno-lint-ignore no-control-regex
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202A-\u202E\u2066-\u2069]/.test(await cite([record], "apa")));
  }
});

const bibtex = await new Deno.Command("bibtex", { args: ["--version"], stdout: "null" }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test({
  name: "bibtex itself takes every entry without an error or a warning about its form, where it is installed",
  ignore: !bibtex,
  async fn() {
    const records = HOSTILE.map(hostileRecord);
    await inFolder({
      "all.bib": await cite([...records, ...study], "bibtex"),
      "all.aux": "\\relax\n\\citation{*}\n\\bibstyle{plain}\n\\bibdata{all}\n",
    }, async (folder) => {
      const { success, stdout } = await new Deno.Command("bibtex", { args: ["all"], cwd: folder }).output();
      const said = new TextDecoder().decode(stdout);
      assert.ok(success && !/error|repeated entry|string name/i.test(said), said);
      const items = (await Deno.readTextFile(`${folder}/all.bbl`)).match(/\\bibitem/g)!;
      assert.equal(items.length, parseBibtex(await Deno.readTextFile(`${folder}/all.bib`)).length);
    });
  },
});
