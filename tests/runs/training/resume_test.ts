import { cpu } from "../../../engine/devices/cpu.ts";
import { js } from "../../../engine/devices/js.ts";
import { variant } from "../../methods/variants.ts";
import { assertResumes } from "./resume.ts";

// tests/long has every form of every method.
for (const device of [cpu, js]) {
  Deno.test(`on ${device.name}, training goes on from a saved state to the same bits`, () =>
    assertResumes(device, [variant("lora", { rank: 2, dropout: 0.3 })]));
}
