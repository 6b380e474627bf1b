/**
 * Writes run-ids.json: the ids of every preset's runs, in order. The file was made before version 1 of the layout
 * (commit d5b367b), together with record-1.json, the record of `lora` in `bench smoke`. Ids that change make old records
 * worthless: of a new preset, its ids are added by hand. Defaults have changed since; the test states those of then.
 *
 *     deno run -P=test tests/golden/run-ids.ts
 * @module
 */
import { writeWhole } from "../../base/write-files.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import { presets } from "../../runs/study/presets.ts";

const ids: Record<string, string[]> = {};
for (const [name, { study }] of Object.entries(presets)) ids[name] = (await cellsOf(study)).map(({ id }) => id);
await writeWhole(new URL("run-ids.json", import.meta.url).pathname, `${JSON.stringify(ids, null, 2)}\n`);
