/**
 * Reads the records of a results folder, renders every report without writing it, and prints what that took as a line of JSON.
 *
 *     deno run … perf/programs/report.ts FOLDER
 * @module
 */
import process from "node:process";
import { readResults, reportFormats } from "../../reports/mod.ts";

/** What reports of a results folder took. */
export interface ReportCosts {
  /** Processor seconds up to the end of each part: this process's own, whatever else runs on the machine. */
  seconds: { reading: number; texts: number; page: number };
  /** Bytes of the page. */
  pageBytes: number;
  /** Greatest resident memory of the process. */
  peakBytes: number;
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const results = await readResults([Deno.args[0]]);
const reading = processorSeconds();
const { page, ...texts } = reportFormats;
for (const format of Object.values(texts)) await format.files(results);
const afterTexts = processorSeconds();
const { [page.file]: html } = await page.files(results);
const costs: ReportCosts = {
  seconds: { reading, texts: afterTexts - reading, page: processorSeconds() - afterTexts },
  pageBytes: new TextEncoder().encode(html).length,
  // The operating system counts KiB.
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(costs));
