import assert from "node:assert/strict";
import { cuda } from "../../../engine/devices/cuda.ts";
import { requireDevice } from "../../../runs/launch/inspect-device.ts";

const report = await cuda.inspect();

Deno.test({
  name: "where ONNX Runtime or its CUDA library is missing, cuda is unusable and says in one sentence what to install",
  ignore: report.unusable === null,
  async fn() {
    const { os, arch } = Deno.build;
    const expected = !Deno.env.get("TUNEBENCH_ONNXRUNTIME_NODE")
      ? /^The variable TUNEBENCH_ONNXRUNTIME_NODE must name a folder [^\n]* onnxruntime-node \d[^\n]*, but it is not set$/
      : os === "linux" && arch === "x86_64"
      ? /^ONNX Runtime's libonnxruntime_providers_cuda\.so is missing: npm install [^\n]*cuda12[^\n]* fetches it; it needs [^\n]*CUDA 12/
      : /^onnxruntime-node has CUDA for Linux on x64 alone, this is /;
    assert.match(report.unusable!, expected);
    await assert.rejects(requireDevice("cuda"), { message: `Cannot use device cuda: ${report.unusable}` });
  },
});

Deno.test("cuda says that it is untested", () => assert.match(report.limits.join(" "), /^Untested: nobody has run it/));
