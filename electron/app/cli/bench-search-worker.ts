import { parentPort, workerData } from "node:worker_threads";
import { judgeProblem } from "../../tree/index.js";
import { rulePolicies } from "./bench-search-policies.js";
import type { BenchTask, WorkerInput } from "./bench-search-jobs.js";

/** One thread of `trex bench search --jobs N`: judges a problem for each message and posts the runs. */
const { scenario, policies } = workerData as WorkerInput;
const known = rulePolicies(scenario.agentSeconds, new AbortController().signal);
const chosen = policies.flatMap((name) => (known[name] === undefined ? [] : [known[name]]));

parentPort?.on("message", (task: BenchTask) => {
  const family = scenario.families.find((each) => each.name === task.family);
  if (family === undefined) throw new Error(`no family ${task.family}`);
  void judgeProblem({ scenario, family, seed: task.seed, policies: chosen }).then((runs) => parentPort?.postMessage(runs));
});
