// The script of report.html: sorts and filters tables, shows runs. All texts of records are set as text, never as HTML. What it makes
// elements with stands before it, in elements.js.

const data = JSON.parse(document.getElementById("data").textContent);
const report = document.getElementById("report");
const detail = document.getElementById("detail");
const title = document.title;

// Tables -------------------------------------------------------------------------------------------------------------

/** Sorts a table by a column: upwards, or if it is so already, downwards. Missing values stay last. */
function sortBy(header) {
  const order = header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of header.parentElement.children) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", order);
  const body = header.closest("table").tBodies[0];
  const rows = [...body.rows].map((row) => {
    const text = row.cells[header.cellIndex].textContent;
    return { row, text, number: numberIn(text), missing: text === "–" };
  });
  const numeric = rows.every(({ number, missing }) => missing || number !== null);
  const sign = order === "ascending" ? 1 : -1;
  rows.sort((a, b) =>
    a.missing - b.missing ||
    sign * (numeric ? a.number - b.number : a.text.localeCompare(b.text, "en", { numeric: true }))
  );
  body.append(...rows.map(({ row }) => row));
}

document.addEventListener("click", ({ target }) => {
  const header = target.closest("thead button")?.closest("th");
  if (header) sortBy(header);
});

const filter = document.getElementById("filter");

/** Shows the rows whose method, or whose table's title, has all words of the filter. */
function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
  let [shown, all] = [0, 0];
  for (const section of report.querySelectorAll("section.table")) {
    const heading = section.querySelector("h2").textContent.toLowerCase();
    let rows = 0;
    const [scores, ...costs] = section.querySelectorAll("tbody");
    for (const row of [scores, ...costs].flatMap((body) => [...body.rows])) {
      const name = `${row.cells[0].textContent.toLowerCase()} ${heading}`;
      row.hidden = !words.every((word) => name.includes(word));
      // A method has a row in each of the section's tables, and counts once.
      if (row.parentElement === scores) {
        rows += !row.hidden;
        all++;
      }
    }
    section.hidden = rows === 0;
    shown += rows;
  }
  document.getElementById("filtered").textContent = words.length === 0 ? "" : `${shown} of ${all} rows`;
}

filter.addEventListener("input", applyFilter);
document.querySelector(".filter").hidden = false;

// Answers ------------------------------------------------------------------------------------------------------------

/** Whole numbers from their bits. */
function unpack({ width, bits }, count) {
  const text = atob(bits);
  return Array.from({ length: count }, (_, index) => {
    let value = 0;
    for (let place = index * width; place < (index + 1) * width; place++) {
      value = value * 2 + (text.charCodeAt(place >> 3) >> (7 - place % 8) & 1);
    }
    return value;
  });
}

const MOST_EXAMPLES = 200;
const MOST_METHODS = 12;

/** The other runs of a table with the same seed and test examples. */
function rivalsOf(run) {
  return data.runs.filter((other) =>
    other !== run && other.seed === run.seed && other.test_set === run.test_set && other.answers !== null &&
    data.settings[other.setting].table === data.settings[run.setting].table
  ).slice(0, MOST_METHODS - 1);
}

/** The examples that runs of the same seed and test set disagree on, and how often each class was taken for which. */
function answersOf(run) {
  if (run.kind === "numbers") return [make("p", {}, "Answers are numbers; the records have them.")];
  if (run.answers === null) {
    return [
      make("p", {}, "Answers are left out, as those of all runs are too many for one page; the records have them."),
    ];
  }
  const { ids, truth: packed, texts } = data.tests[run.test_set];
  const truth = unpack(packed, ids.length);
  const names = run.kind === "texts" ? ["no reference", "a reference"] : data.labels[run.labels];
  const nameOf = (value) => names[value] ?? `class ${value}`;
  const mine = unpack(run.answers, ids.length);
  const rivals = rivalsOf(run);
  const theirs = rivals.map((other) => unpack(other.answers, ids.length));
  const columns = [mine, ...theirs];
  const disputed = ids.map((_, at) => at).filter((at) => theirs.some((answers) => answers[at] !== mine[at]));
  const mark = (value, at) =>
    value === truth[at]
      ? make("span", { class: "right-answer" }, `✓ ${nameOf(value)}`)
      : make("span", { class: "wrong-answer" }, `✗ ${nameOf(value)}`);
  const wrong = mine.filter((value, at) => value !== truth[at]).length;
  const parts = [make("p", {}, `${ids.length - wrong} of ${ids.length} right.`)];
  if (run.kind === "classes") parts.push(confusion(truth, mine, nameOf));
  if (rivals.length === 0) {
    return [...parts, make("p", {}, "No other run of this table has the same seed and test examples.")];
  }
  const caption = `Examples that runs of seed ${run.seed} disagree on: ${disputed.length} of ${ids.length}` +
    (disputed.length > MOST_EXAMPLES ? `, of which the first ${MOST_EXAMPLES}` : "") +
    (texts ? ", with their texts from the data." : ". Ids, as records hold no texts of the data.");
  const nameOfExample = (at) =>
    texts?.[at] === undefined ? ids[at] : make("span", {}, ids[at], make("q", { dir: "auto" }, texts[at]));
  return [
    ...parts,
    table(
      caption,
      ["example", "right", ...[run, ...rivals].map(({ setting }) => data.settings[setting].label)],
      disputed.slice(0, MOST_EXAMPLES).map((
        at,
      ) => [nameOfExample(at), nameOf(truth[at]), ...columns.map((answers) => mark(answers[at], at))]),
    ),
  ];
}

/** What a run and others of its seed and test set generated for the first examples, beside a reference. */
function generatedBy(run) {
  if (run.kind !== "texts") return [];
  const { ids, texts, references } = data.tests[run.test_set] ?? {};
  if (!run.generated || !references) {
    return [make("p", {}, "The record has what was generated; deno task report --texts shows the first texts here.")];
  }
  const columns = [run, ...rivalsOf(run).slice(0, 3)];
  const quote = (text) => make("q", { dir: "auto" }, text);
  return [table(
    `What was generated for the first ${references.length} test examples`,
    ["example", "a reference", ...columns.map(({ setting }) => data.settings[setting].label)],
    references.map((reference, at) => [
      texts?.[at] === undefined ? ids[at] : make("span", {}, ids[at], quote(texts[at])),
      ...[reference, ...columns.map(({ generated }) => generated[at])].map(quote),
    ]),
  )];
}

function confusion(truth, predicted, nameOf) {
  const counts = new Map();
  truth.forEach((value, at) => {
    const key = `${value} ${predicted[at]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const rows = [...counts].sort(([, a], [, b]) => b - a).slice(0, 50)
    .map(([key, count]) => [...key.split(" ").map((value) => nameOf(Number(value))), String(count)]);
  return table("How often each class was taken for which", ["right", "predicted", "examples"], rows);
}

// Views --------------------------------------------------------------------------------------------------------------

/** A setting's runs. */
function settingView(setting) {
  const place = data.settings.indexOf(setting);
  const { title, metric, unit } = data.tables[setting.table];
  const runs = data.runs.filter((run) => run.setting === place);
  const rows = runs.map((run) => [
    make("a", { href: `#run/${encodeURIComponent(run.id)}` }, `seed ${run.seed}`),
    score(run.test[metric], unit),
    score(run.validation[metric], unit),
    `${run.time.trainSeconds.toFixed(1)} s`,
    run.flags.map((flag) => data.checks[flag]).filter(({ raised }) => raised).map(({ name }) => name).join(", ") || "–",
  ]);
  const percent = unit === "fraction" ? " %" : "";
  return [
    `Runs of ${setting.label}`,
    make("p", {}, title),
    table("A row for each run; its seed leads to it", [
      "run",
      `test ${metric}${percent}`,
      `validation ${metric}${percent}`,
      "time",
      "flags",
    ], rows),
    make("h3", {}, "Options"),
    make("ul", {}, ...setting.options.map((option) => make("li", {}, option))),
  ];
}

/** A run: scores, curves, checks, costs, answers, spec, environment. */
function runView(run) {
  const setting = data.settings[run.setting];
  const { title, metric, unit, units } = data.tables[setting.table];
  const { parameters, memory, time } = run;
  const count = (value) => value.toLocaleString("en-US");
  const seconds = (value) => `${value.toFixed(2)} s`;
  const { total, ...split } = memory.planned;
  return [
    `${setting.label}, seed ${run.seed}`,
    make(
      "p",
      {},
      `${title}. Run ${run.id}. `,
      make("a", { href: `#setting/${encodeURIComponent(setting.id)}` }, "All runs of this setting"),
    ),
    make("h3", {}, "Scores"),
    table(
      `Of the epoch that was kept, ${run.best} of ${run.epochs.length}`,
      ["metric", "test", "validation"],
      Object.keys(run.test).map((
        name,
      ) => [name, score(run.test[name], units[name]), score(run.validation[name], units[name])]),
    ),
    make("h3", {}, "Curves"),
    run.losses.length > 0
      ? curve("Training loss by step", run.losses, "step 1", `step ${run.steps}`, (value) => value.toFixed(3))
      : null,
    run.epochs.length > 0
      ? curve(
        `Validation ${metric} by epoch`,
        run.epochs,
        "epoch 1",
        `epoch ${run.epochs.length}`,
        (value) => score(value, unit),
      )
      : null,
    make("h3", {}, "Costs"),
    list([
      [
        "trained parameters",
        `${count(parameters.trainable)}: method ${count(parameters.method)}, head ${count(parameters.head)}`,
      ],
      ["stored", bytes(parameters.storedBytes)],
      [
        "planned memory",
        `${bytes(total)}: ${Object.entries(split).map(([name, value]) => `${name} ${bytes(value)}`).join(", ")}`,
      ],
      ["training memory", measured(memory.training, bytes)],
      ["peak memory", measured(memory.peak, bytes)],
      [
        "time",
        `training ${seconds(time.trainSeconds)}, compilation ${seconds(time.compileSeconds)}, evaluation ${
          seconds(time.evaluateSeconds)
        }`,
      ],
      ["speed", `${count(Math.round(time.examplesPerSecond))} examples a second`],
    ]),
    make("h3", {}, "Checks"),
    list([
      ...run.integrity.map((place) => [data.checks[place].name, `passed: ${data.checks[place].detail}`]),
      ...run.flags.map((place) => data.checks[place])
        .map((
          { name, raised, detail },
        ) => [`flag: ${name}`, `${raised ? "raised" : "not raised"}${detail ? `: ${detail}` : ""}`]),
    ]),
    make("h3", {}, "Spec"),
    make("pre", { tabindex: "0" }, JSON.stringify({ ...setting.spec, seed: run.seed }, null, 2)),
    make("h3", {}, "Environment"),
    make("p", {}, `Started ${run.started}`),
    make("pre", { tabindex: "0" }, JSON.stringify(data.environments[run.environment], null, 2)),
    make("h3", {}, "Answers"),
    ...answersOf(run),
    ...generatedBy(run),
  ];
}

/** The link that led away from the report; it has the focus again after the way back. */
let origin = null;

function show() {
  const [kind, ...rest] = location.hash.slice(1).split("/");
  const entries = kind === "run" ? data.runs : kind === "setting" ? data.settings : null;
  if (entries === null) {
    const wasAway = report.hidden;
    report.hidden = false;
    detail.hidden = true;
    document.title = title;
    if (wasAway) (origin ?? document.querySelector("h1")).focus();
    return;
  }
  let id;
  try {
    id = decodeURIComponent(rest.join("/"));
  } catch {
    id = null;
  }
  const entry = entries.find((entry) => entry.id === id);
  const [heading, ...content] = entry === undefined
    ? ["Not in this report", make("p", {}, `No ${kind} has the id that the address names.`)]
    : kind === "run"
    ? runView(entry)
    : settingView(entry);
  const name = make("h2", { tabindex: "-1" }, heading);
  detail.replaceChildren(
    make("p", {}, make("a", { href: "#report" }, "← Back to the report")),
    name,
    ...content.filter((part) => part !== null),
  );
  document.title = `${heading} – ${title}`;
  report.hidden = true;
  detail.hidden = false;
  scrollTo(0, 0);
  name.focus();
}

report.addEventListener("click", ({ target }) => {
  origin = target.closest("a") ?? origin;
});
addEventListener("hashchange", show);
show();
