/**
 * Commands of the documentation that no test runs, each with the reason. Those of TuneBench are read by the command line's
 * own parser instead: command, arguments and flags must be right.
 * @module
 */

const long = "takes minutes; other tests run its preset with less data";
const hub = "needs the Hugging Face hub; tests of models/hub have one of their own";
const tests = "runs the tests";
const peer = "needs a Python with PyTorch; perf is read by its own parser";
const variable = "sets a variable for the commands after it";
const foreign = "changes the machine, with programs of others";

/** Commands that are not run as they stand, why, and what is run in the place of some. */
export const notRun: Record<string, string | { reason: string; instead: string }> = {
  "npx -y deno@2 task bench": long,
  "npx -y deno@2 task test": tests,
  "deno task ok": tests,
  "deno task bench --seeds 5": long,
  "deno task bench --tasks sentiment/imdb --methods lora,lora+prefix-tuning": long,
  "deno task bench standard --dry-run": long,
  "deno task bench --tune 8": long,
  "deno task bench standard --checkpoint 10": long,
  "deno task bench standard --out /shared/results": long,
  "deno task bench standard --launcher slurm --out /shared/results --slurm partition=long --slurm time=4:00:00":
    "needs a cluster; test:slurm starts one",
  "deno task bench status /shared/results": "needs a cluster; test:slurm starts one",
  "deno task bench status /shared/results --attach": "needs a cluster; test:slurm starts one",
  "deno task report /shared/results": "needs a cluster; test:slurm starts one",
  "deno task bench smoke --plugin docs/plugins/added-bias.ts --methods added-bias,bitfit,added-bias+prompt-tuning --out plugged":
    "plugins_test.ts trains it",
  "deno task predict --adapter plugged/adapters/<id> --plugin docs/plugins/added-bias.ts": "plugins_test.ts does so",
  "deno task bench smoke --methods output-scale,lora,output-scale+prompt-tuning":
    "its method is not in the table; extending_test.ts trains it",
  "deno task bench smoke --tasks feedback --task-files ./feedback --methods linear-probe,lora":
    "its task is not in the table; extending_test.ts trains on it",
  "deno check": "checks the types of the repository",
  "deno test --quiet -P=test tests/methods/mod_test.ts": tests,
  "deno test --quiet -P=test tests/tasks/mod_test.ts": tests,
  "deno task docs": "writes the documentation; generated_test.ts compares it",
  "deno task fetch sentence-transformers/all-MiniLM-L6-v2": hub,
  "deno task fetch glue/rte": hub,
  "deno task bench smoke --tasks glue/rte,trec-6 --methods linear-probe --out hub-tasks": hub,
  "deno task bench --models sentence-transformers/all-MiniLM-L6-v2 --offline": hub,
  "python3 -m venv ~/peers && ~/peers/bin/pip install -r perf/requirements.txt": foreign,
  "export TUNEBENCH_PYTHON=~/peers/bin/python": variable,
  "deno task perf step --rounds 5 --steps 3": peer,
  "apt-get install chromium libvulkan1": foreign,
  "export VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json": variable,
  "deno task bench --tasks sentiment/amazon,brown/negation,wordnet/verb --methods prompt-tuning --seeds 0, --out three":
    {
      reason: "takes most of a minute",
      instead: "deno task bench smoke --tasks sentiment/amazon,brown/negation,wordnet/verb --methods prompt-tuning " +
        "--out three",
    },
  "deno task bench study.json --out my-study": {
    reason: "takes minutes",
    instead: "deno task bench study.json --seeds 1 --methods linear-probe --dry-run --out my-study",
  },
  "deno task bench --tasks ./reviews.csv --text body --label stars --data 120,40,40 --out reviews": {
    reason: "takes minutes",
    instead:
      "deno task bench smoke --tasks ./reviews.csv --text body --label stars --data 48,16,40 --methods linear-probe " +
      "--out reviews",
  },
  "deno task bench smoke --tune 2 --out tuned": "tuned-bench_test.ts tunes",
  "deno task bench smoke --controls": "tests/long/runs/controls tries them",
  "deno task bench smoke --methods bitfit,lora+prompt-tuning --out other-results": {
    reason: "other pages train these methods",
    instead: "deno task bench smoke --methods linear-probe --out other-results",
  },
  "deno task bench smoke --tasks sentiment/amazon,brown/negation --methods linear-probe,bitfit --out two-tasks": {
    reason: "other pages train these methods",
    instead: "deno task bench smoke --tasks sentiment/amazon,brown/negation --methods linear-probe --out two-tasks",
  },
  "deno task bench smoke --tasks rte --task-files ./RTE --methods lora,linear-probe --out rte": {
    reason: "other pages train these methods",
    instead: "deno task bench smoke --tasks rte --task-files ./RTE --methods linear-probe --out rte",
  },
  "deno task bench grid.json --dry-run":
    "measures this machine for ten seconds; estimate-cell_test.ts and grid-cells_test.ts have it",
  "deno task bench bundle/study.json --out reproduced": "reproduce_test.ts trains what an export says",
  "deno task bench smoke --methods bitfit,lora,lora+prompt-tuning --out some-methods":
    "the examples of other pages train these methods",
  "deno task bench smoke --retry-failed --cell-timeout 600": "there is nothing to retry; launcher_test.ts has failures",
  "deno task bench smoke --out checked": "verify_test.ts trains runs",
  "deno task verify checked --sample 2": "verify_test.ts verifies them",
  "deno task bench smoke --methods lora --precision int8 --out in-int8": "int8_test.ts trains in int8",
  "deno task bench smoke --methods lora --memory small --out in-little-memory":
    "sameness_test.ts trains in little memory",
  "deno task bench smoke --methods linear-probe --device js --out on-js":
    "takes a minute in plain JavaScript; tests of the device run less",
  "deno task bench smoke --device webgpu --methods linear-probe":
    "takes minutes on a GPU in software; tests of the device run it with less",
  "npm install --prefix ~/onnxruntime --ignore-scripts onnxruntime-node@1.30.0": foreign,
  "npm install --prefix ~/onnxruntime --onnxruntime-node-install=cuda12 onnxruntime-node@1.30.0": foreign,
  "export TUNEBENCH_ONNXRUNTIME_NODE=~/onnxruntime": variable,
  "npm install --prefix ~/tfjs-node @tensorflow/tfjs-node-gpu@4.22.0": foreign,
  "export TUNEBENCH_TFJS_NODE=~/tfjs-node": variable,
  "deno task bench smoke --device tensorflow": "needs tfjs-node; test:tensorflow runs it",
};
