import assert from "node:assert/strict";
import { HubRefusal } from "../../../models/hub/name.ts";
import { hasty, NAME, open, withHub } from "./fixture.ts";

Deno.test("401, 403, 404 and 429 are explained, and after a 429 the next attempt waits as long as the hub asks", () =>
  withHub(async (hub) => {
    const refused = (name: string, message: RegExp) =>
      assert.rejects(open(name), (error: Error) => error instanceof HubRefusal && message.test(error.message));
    await refused("org/none", /^Cannot fetch org\/none: the hub wants to know who asks \(401\), HF_TOKEN must hold/);
    await refused(`${NAME}@v9`, /^Cannot fetch org\/tiny: there is no revision v9$/);
    hub.intercept = () => new Response("", { status: 403 });
    await refused(NAME, /\(403\), HF_TOKEN must hold/);
    hub.intercept = () => new Response("", { status: 404 });
    await refused(NAME, /^Cannot fetch org\/tiny: there is no such repository, or no revision main of it$/);
    let answered = 0;
    hub.intercept = () =>
      answered++ === 0 ? new Response("", { status: 429, headers: { "retry-after": "1" } }) : undefined;
    const started = performance.now();
    await open(NAME, { retry: { ...hasty, longestPause: 2000 } });
    assert(performance.now() - started >= 1000);
    answered = 0;
    hub.intercept = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
    await assert.rejects(open(), {
      name: "Error",
      message: "Cannot fetch org/tiny: the hub was asked too often (429), try again later, in 3600 s",
    });
  }));

Deno.test("a token that no header can hold is refused before it is sent, and is in no message", () =>
  withHub(async () => {
    for (const token of ["hf_se\ncret", "hf_se cret", "hf_sécret", "hf_\u0007secret"]) {
      Deno.env.set("HF_TOKEN", token);
      await assert.rejects(open(NAME), {
        message: "Cannot use HF_TOKEN: it must be one word of ASCII characters, the current value is not",
      });
    }
  }));

Deno.test("a listing that pages for ever, of files or of folders, is refused with the bound", () =>
  withHub(async (hub) => {
    const next = { headers: { link: `<${hub.endpoint}/api/models/${NAME}/tree/main?cursor=1>; rel="next"` } };
    hub.intercept = ({ path }) => path.includes("/tree/") ? Response.json([], next) : undefined;
    await assert.rejects(open(), /its list must have at most 200 pages, it has more$/);
    const folders = Array.from({ length: 1000 }, (_, at) => ({ type: "directory", path: `${at}`, oid: "", size: 0 }));
    hub.intercept = ({ path }) => path.includes("/tree/") ? Response.json(folders, next) : undefined;
    await assert.rejects(open(), /^Error: Cannot fetch org\/tiny: it must have at most 100000 files, it has more$/);
  }));
