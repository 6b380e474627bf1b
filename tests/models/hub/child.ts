/**
 * Fetches the files of a model in a process of its own, which loads little: `child.ts <org/name> <revision>`.
 * @module
 */
import { openSnapshot } from "../../../models/hub/snapshot.ts";

const [name, revision] = Deno.args;
await openSnapshot({ kind: "model", name }, revision, {
  key: "",
  choose: async (source) => (await source.names()).filter((name) => name !== "pytorch_model.bin"),
});
