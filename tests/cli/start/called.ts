/** Says that it runs, and that its callers have ended: into the files of two paths. */
import { whenCallersEnd } from "../../../cli/start/callers.ts";

const [started, ended] = Deno.args;
whenCallersEnd(() => {
  Deno.writeTextFileSync(ended, "");
  Deno.exit(0);
});
Deno.writeTextFileSync(started, "");
// Longer than the test, so that the timer above decides.
await new Promise((resolve) => setTimeout(resolve, 60_000));
