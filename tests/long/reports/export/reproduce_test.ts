import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { exportResults } from "../../../../reports/export/export.ts";
import { reportFormats, writeReport } from "../../../../reports/mod.ts";
import { bench } from "../../../../runs/launch/launcher.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { readStudy } from "../../../../runs/study/study.ts";
import { inFolder } from "../../../in-folder.ts";

/** The table of the settings without what differs from run to run: times and measured memory. */
async function tableOf(report: string): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = parse(
    await Deno.readTextFile(`${report}/${reportFormats["results-csv"].file}`),
    {
      columns: true,
    },
  );
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !/second|peak_memory|training_memory/.test(name)))
  );
}

Deno.test("what an export of the preset smoke holds makes the same table again in an empty folder", () =>
  inFolder({}, async (folder) => {
    await bench(presets.smoke.study, { out: `${folder}/results`, jobs: 1 });
    const { commands } = await exportResults([`${folder}/results`], `${folder}/export`);
    assert.deepEqual(commands, [`deno task bench ${folder}/export/study.json --out reproduced`]);
    const study = await readStudy(`${folder}/export/study.json`, presets.quick.study);
    const { trained, failures } = await bench(study, { out: `${folder}/reproduced`, jobs: 1 });
    assert.deepEqual([trained, failures], [3, []]);
    await writeReport([`${folder}/reproduced`], `${folder}/reproduced/report`);
    const original = await tableOf(`${folder}/export/report`);
    assert.equal(original.length, 3);
    assert.deepEqual(await tableOf(`${folder}/reproduced/report`), original);
  }));
