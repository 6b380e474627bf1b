/**
 * The page in a browser. These tests run only where the variable TUNEBENCH_BROWSER names a folder into which npm has installed
 * playwright-core and axe-core, and Debian's package chromium is installed (`deno task test:browser`).
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { renderPage } from "../../../reports/page/mod.ts";
import { groupResults } from "../../../reports/results.ts";
import type { Texts } from "../../../reports/runs/texts.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { inFolder } from "../../in-folder.ts";
import { hostile, hostileRecords } from "../hostile.ts";
import { makeRecord } from "../record-factory.ts";

const CHROMIUM = "/usr/bin/chromium";

const folder = Deno.env.get("TUNEBENCH_BROWSER");
const ignore = !folder || !existsSync(CHROMIUM);

/** The least of playwright's page that is needed here. */
interface Page {
  on(event: "console" | "pageerror" | "request", listener: (event: { text(): string; url(): string }) => void): void;
  goto(url: string): Promise<void>;
  goBack(): Promise<void>;
  evaluate<T>(expression: string): Promise<T>;
  click(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  focus(selector: string): Promise<void>;
  keyboard: { press(key: string): Promise<void> };
}

interface Browser {
  newContext(options: Record<string, unknown>): Promise<{ newPage(): Promise<Page> }>;
  close(): Promise<void>;
}

const METHODS = ["full", "lora", "prompt-tuning"];

const study = ["first", "second"].flatMap((task) =>
  METHODS.flatMap((method, index) =>
    [0, 1, 2].map((seed) => makeRecord({ method, task, seed, accuracy: 0.75 + 0.07 * index + 0.01 * seed }))
  )
);

/**
 * Waits until an expression is true on the page. Playwright's own function for it lets the page evaluate a text, which the page's policy
 * forbids, as soon as it has to wait.
 */
async function until(page: Page, expression: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await page.evaluate<boolean>(expression)) return;
    await delay(50);
  }
  assert.fail(`The page must come to ${expression}`);
}

/** Shows the page of some records to `work`; no message on the console and no request may come of it. */
async function onPage(
  records: RunRecord[],
  work: (page: Page) => Promise<void>,
  options: Record<string, unknown> = {},
  texts?: Texts,
): Promise<void> {
  const { chromium } = createRequire(pathToFileURL(`${folder}/`))("playwright-core");
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  try {
    await inFolder(
      { "report.html": renderPage({ ...groupResults(records, []), texts })["report.html"] },
      async (place) => {
        const page = await (await browser.newContext(options)).newPage();
        const heard: string[] = [];
        page.on("console", (message) => heard.push(message.text()));
        page.on("pageerror", (error) => heard.push(String(error)));
        page.on("request", (request) => heard.push(request.url()));
        const address = pathToFileURL(`${place}/report.html`).href;
        await page.goto(address);
        await work(page);
        assert.deepEqual(heard.filter((text) => text !== address), []);
      },
    );
  } finally {
    await browser.close();
  }
}

/** The names of the rows of a table that are shown. */
const namesOf = (page: Page, table: number) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll("#report section.table")[${table}].querySelector("tbody").querySelectorAll("tr:not([hidden]) th")].map((cell) => cell.textContent)`,
  );

const headingOf = (page: Page) =>
  page.evaluate<string>(`document.querySelector("#detail:not([hidden]) h2")?.textContent`);

const active = (page: Page) => page.evaluate<string>("document.activeElement.textContent");

/** Presses Tab until what has the focus shows a text. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    if ((await active(page)).trim() === text) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the focus never came to ${text}`);
}

Deno.test({
  name: "the page sorts, filters, and leads from a score to its runs and back, by mouse",
  ignore,
  fn: () =>
    onPage(study, async (page) => {
      assert.deepEqual(await namesOf(page, 1), ["prompt-tuning", "lora", "full"]);
      const score = "#report section:nth-of-type(2) thead th:nth-child(2)";
      await page.click(`${score} button`);
      assert.deepEqual(await namesOf(page, 1), ["full", "lora", "prompt-tuning"]);
      assert.equal(await page.evaluate(`document.querySelector("${score}").ariaSort`), "ascending");
      await page.click(`${score} button`);
      assert.deepEqual(await namesOf(page, 1), ["prompt-tuning", "lora", "full"]);

      await page.fill("#filter", "second LORA");
      assert.equal(await page.evaluate(`document.getElementById("filtered").textContent`), "1 of 9 rows");
      assert.deepEqual([await namesOf(page, 1), await namesOf(page, 2)], [[], ["lora"]]);
      await page.click("#report section:not([hidden]) tbody tr:not([hidden]) a");
      assert.equal(await headingOf(page), "Runs of lora");
      await page.click('#detail a[href^="#run/"]');
      assert.equal(await headingOf(page), "lora, seed 0");
      assert.match(await page.evaluate(`document.getElementById("detail").textContent`), /328 of 400 right\./);
      await page.goBack();
      await page.goBack();
      assert.equal(await headingOf(page), undefined);
      await until(page, `document.activeElement.textContent.startsWith("83.0")`);
    }),
});

Deno.test({
  name: "the page sorts, filters, and leads from a score to its runs and back, by keyboard",
  ignore,
  fn: () =>
    onPage(study, async (page) => {
      await page.keyboard.press("Tab");
      assert.equal(await active(page), "To the report");
      await page.focus("#filter");
      for (const key of "first") await page.keyboard.press(key);
      assert.equal(await page.evaluate(`document.getElementById("filtered").textContent`), "3 of 9 rows");
      await tabTo(page, "method");
      await page.keyboard.press("Enter");
      assert.deepEqual(await namesOf(page, 1), ["full", "lora", "prompt-tuning"]);
      await page.keyboard.press(" ");
      assert.deepEqual(await namesOf(page, 1), ["prompt-tuning", "lora", "full"]);
      const score = await page.evaluate<string>(
        `document.querySelector("#report section:not([hidden]) tbody tr:not([hidden]) a").textContent`,
      );
      await tabTo(page, score);
      await page.keyboard.press("Enter");
      await until(page, `document.activeElement.textContent === "Runs of prompt-tuning"`);
      await tabTo(page, "seed 1");
      await page.keyboard.press("Enter");
      await until(page, `document.activeElement.textContent === "prompt-tuning, seed 1"`);
      await page.goBack();
      await until(page, `document.activeElement.textContent === "Runs of prompt-tuning"`);
      await tabTo(page, "← Back to the report");
      await page.keyboard.press("Enter");
      await until(page, `!document.getElementById("report").hidden`);
      assert.equal(await active(page), score);
    }),
});

Deno.test({
  name: "a run shows what was generated, as text, beside a reference and what other methods wrote",
  ignore,
  fn: () => {
    const generating = ["lora", "full"].map((method) =>
      makeRecord({
        method,
        change: (record) => {
          const predicted = `<i>${method}</i>`;
          record.predictions = [{ id: "test/0", references: ["right"], predicted }, {
            ...{ id: "test/1", references: ["right, too"] },
            predicted,
          }];
        },
      })
    );
    return onPage(
      generating,
      async (page) => {
        await page.evaluate(
          "location.hash = '#run/' + data.runs.find(({ setting }) => data.settings[setting].label === 'full').id",
        );
        await until(page, `!document.getElementById("detail").hidden`);
        const rows = await page.evaluate<string[][]>(
          `[...[...document.querySelectorAll("#detail table")].at(-1).tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent))`,
        );
        assert.deepEqual(rows, [
          ["test/0", "right", "<i>full</i>", "<i>lora</i>"],
          ["test/1", "right, too", "<i>full</i>", "<i>lora</i>"],
        ]);
      },
      {},
      new Map(),
    );
  },
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [390, 1280]) {
    Deno.test({
      name: `axe finds nothing serious on the page and on a run, ${colorScheme}, ${width} pixels wide`,
      ignore,
      fn: () =>
        onPage(study, async (page) => {
          const { resolve } = createRequire(pathToFileURL(`${folder}/`));
          // By the protocol of the browser, as the page's own policy lets no other script in.
          await page.evaluate(await Deno.readTextFile(resolve("axe-core")));
          const faults = () =>
            page.evaluate<string[]>(`axe.run().then(({ violations }) => violations
              .filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => id + nodes[0].html))`);
          assert.deepEqual(await faults(), []);
          await page.evaluate("location.hash = '#run/' + data.runs[0].id");
          await until(page, `!document.getElementById("detail").hidden`);
          assert.deepEqual(await faults(), []);
          const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
          assert.equal(await page.evaluate(overflow), 0);
        }, { colorScheme, viewport: { width, height: 900 } }),
    });
  }
}

Deno.test({
  name: "hostile texts run nothing in a browser, on the page and on every run",
  ignore,
  fn: () => {
    const records = hostile.filter((_, index) => index % 3 === 0).flatMap(hostileRecords);
    return onPage(records, async (page) => {
      const ids = await page.evaluate<string[]>("data.runs.filter((_, at) => at % 2 === 0).map(({ id }) => id)");
      for (const id of ids) {
        await page.evaluate(`location.hash = ${JSON.stringify(`#run/${id}`)}`);
        await until(page, `document.getElementById("detail").textContent.includes("Run ${id}")`);
      }
    });
  },
});
