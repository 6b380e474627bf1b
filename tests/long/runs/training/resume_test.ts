import { cpu } from "../../../../engine/devices/cpu.ts";
import { js } from "../../../../engine/devices/js.ts";
import { assertResumes } from "../../../runs/training/resume.ts";
import { combinations } from "../../../runs/training/tiny-training.ts";

for (const device of [cpu, js]) {
  Deno.test(`on ${device.name}, training goes on from a saved state to the same bits, with every form of every method`, async () => {
    for (const parts of combinations) await assertResumes(device, parts);
  });
}
