import assert from "node:assert/strict";
import { amazon } from "../../tasks/amazon.ts";
import { imdb } from "../../tasks/imdb.ts";
import { yelp } from "../../tasks/yelp.ts";

Deno.test("a sentiment sentence has its index in the source as id, and no white space around it", async () => {
  const { pool = [] } = await imdb.load();
  assert.deepEqual(pool[0], {
    id: "imdb/0",
    text: "A very, very, very slow-moving, aimless movie about a distressed, drifting young man.",
    label: 0,
  });
  assert.deepEqual(pool.at(-1), {
    id: "imdb/999",
    text: "All in all its an insult to one's intelligence and a huge waste of money.",
    label: 0,
  });
});

Deno.test("the empty entry at the end of a sentiment source is no example", async () => {
  for (const { name, load } of [amazon, imdb, yelp]) {
    const { pool = [] } = await load();
    assert.ok(pool.every(({ id, label }) => !id.endsWith("/1000") && (label === 0 || label === 1)), name);
  }
});
