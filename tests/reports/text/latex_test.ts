import assert from "node:assert/strict";
import fc from "fast-check";
import { renderLatex } from "../../../reports/text/latex.ts";
import { groupResults } from "../../../reports/results.ts";
import { inFolder } from "../../in-folder.ts";
import { makeRecord } from "../record-factory.ts";

const runs = ["lora", "full"].flatMap((method, index) =>
  [0, 1, 2].map((seed) => makeRecord({ method, seed, accuracy: 0.85 - 0.2 * index + 0.01 * seed }))
);

Deno.test("a table in LaTeX has a row for each setting, the best in bold, and a caption that states the statistic", () => {
  const latex = renderLatex(groupResults(runs, []));
  assert.match(latex, /\\toprule[\s\S]+\\midrule[\s\S]+\\bottomrule/);
  assert.match(latex, /^ +lora & \$\\mathbf\{86\.0 \\pm \d\.\d\}\$ & \{--\} & 25602 & 120\.0 & 2\.5 \\\\$/m);
  assert.match(latex, /^ +full & \$66\.0 \\pm \d\.\d\$ & \$-20\.0 \\pm \d\.\d\$ & 25602 & /m);
  assert.match(latex, /Mean over 3 seeds/);
  assert.match(latex, /Bold: not shown to be below the best mean .* Bold does not mean equal\./);
  const single = renderLatex(groupResults([makeRecord()], []));
  assert.match(single, /One seed; .* what other seeds would give is not in it\./);
});

Deno.test("the number of seeds stands in the rows where it differs, and the validation score where it is asked for", () => {
  const latex = renderLatex({ ...groupResults(runs.slice(0, 5), []), validation: true });
  assert.match(latex, /Mean over 2 to 3 seeds/);
  assert.match(latex, /& \{validation\} & .* & \{seeds\} & /);
  assert.match(latex, /^ +lora & \$\S+ \\pm \d\.\d\}?\$ & 86\.0 & .* & 3 & 25602 & /m);
  assert.match(latex, /^ +full & .* & 2 & 25602 & /m);
});

Deno.test("methods over several tasks have a table of their own, with averages and ranks", () => {
  const tasks = ["first", "second"].flatMap((task) =>
    runs.map(({ spec: { method: [{ name }], seed }, scores }) =>
      makeRecord({ task, method: name, seed, accuracy: scores.test.accuracy })
    )
  );
  const [overview, ...others] = renderLatex(groupResults(tasks, [])).split("\\begin{table}").slice(1);
  assert.equal(others.length, 2);
  assert.match(overview, /\{method\} & \{first\} & \{second\} & \{average\} & \{rank\}/);
  const score = String.raw`\$\\mathbf\{86\.0 \\pm \d\.\d\}\$`;
  assert.match(overview, new RegExp(`^ +lora & ${score} & ${score} & ${score} & 1\\.00 `, "m"));
  assert.match(overview, /^ +full & .* & 2\.00 /m);
});

Deno.test("no text adds a command, a cell or a row to a table in LaTeX", () => {
  const render = (text: string) =>
    renderLatex(groupResults([makeRecord({ task: text, model: text, method: "m" })], []));
  const skeleton = (latex: string) => [latex.split("\n").length, latex.match(/(?<!\\)[&{}$%#^_~]/g)!.join("")];
  const plain = render("x");
  const specials = fc.constantFrom(
    "\\",
    "{",
    "}",
    "$",
    "&",
    "#",
    "%",
    "_",
    "^",
    "~",
    "\n",
    "\\input{x}",
    "漢",
    "\u202e",
    "\x1b",
  );
  fc.assert(fc.property(fc.array(specials).map((parts) => parts.join("")), (text) => {
    const latex = render(text).replaceAll(
      /\\text(backslash|asciitilde|asciicircum|less|greater|bar)\{\}/g,
      "",
    );
    assert.deepEqual(skeleton(latex), skeleton(plain));
    assert.doesNotMatch(latex, /\\input|[^\x20-\x7E\n±–]/);
  }));
});

const hasLatex = await new Deno.Command("sh", { args: ["-c", "command -v pdflatex && kpsewhich siunitx.sty"] }).output()
  .then(({ success }) => success);

Deno.test({
  name: "the tables compile with pdflatex",
  ignore: !hasLatex,
  fn: () =>
    inFolder({}, async (folder) => {
      const hostile = makeRecord({
        task: 'a\\b{c}$d$&e#f%g_h^i~j<k>|"é漢',
        model: "\\input{/etc/passwd}",
        method: "x".repeat(10_000),
      });
      const others = ["[x]", "*x"].map((method) => makeRecord({ method }));
      await Deno.writeTextFile(`${folder}/tables.tex`, renderLatex(groupResults([...runs, hostile, ...others], [])));
      await Deno.writeTextFile(
        `${folder}/paper.tex`,
        "\\documentclass{article}\n\\usepackage{booktabs,siunitx}\n\\begin{document}\n\\input{tables}\n\\end{document}\n",
      );
      const { success, stdout } = await new Deno.Command("pdflatex", {
        args: ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"],
        cwd: folder,
      }).output();
      assert.ok(
        success,
        new TextDecoder().decode(stdout).split("\n").filter((line) => line.startsWith("!")).join("\n"),
      );
      assert.ok((await Deno.stat(`${folder}/paper.pdf`)).size > 10_000);
    }),
});
