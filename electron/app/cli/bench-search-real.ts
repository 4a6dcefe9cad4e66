import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createHousePlanner } from "../../agents/index.js";
import { FailureError, type LossPoint, type NodeSummary } from "../../contract/index.js";
import { createData } from "../../data/index.js";
import { createEvaluator } from "../../evaluate/index.js";
import { parseBudget, priorsFor, priorsOf } from "../../session/index.js";
import { createOurs, createRandomSearch, createTpe, createGreedy, tabulate, tabulateAll, type JudgedRun, type PolicyFactory, type Report } from "../../tree/index.js";
import { openRealProblem } from "../real-search/real-problem.js";
import { measureStart, runReal } from "../real-search/run-real.js";
import { readTaskFile } from "../task-file.js";
import { publish } from "./bench-search.js";
import { benchPlanner, oursName } from "./bench-search-policies.js";
import { refuse, type CommandContext, type ExitCode } from "./command.js";
import { formatDuration } from "./format.js";

const defaultSeeds = 5;
const defaultBudget = "90s";

/** `trex bench search --real`: ours against random, TPE and greedy with real training of a task, the built-in demo's unless another is named. */
export async function benchSearchReal(context: CommandContext): Promise<ExitCode> {
  const app = context.app();
  const seeds = context.values.whole("seeds", 1);
  const firstSeed = context.values.whole("seed");
  const budget = parseBudget(context.values.text("budget") ?? defaultBudget);
  if (!seeds.ok) return refuse(context, seeds.error);
  if (!firstSeed.ok) return refuse(context, firstSeed.error);
  if (!budget.ok) return refuse(context, budget.error);
  const file = context.values.text("task");
  const task = file === undefined ? await app.demoTask() : await readTaskFile(path.resolve(file));
  if (!task.ok) return refuse(context, task.error);
  const model = await app.models.inspect(task.value.model, context.signal);
  if (!model.ok) return refuse(context, model.error);

  const house = () => benchPlanner(createHousePlanner(), { house: 0, languageModel: 0 }, context.signal);
  // As in a real run of the task: its own numbers, and what the built-in cards say of the others.
  const cards = await app.knowledge.shelf.builtIn();
  if (!cards.ok) return refuse(context, cards.error);
  const priors = priorsFor(priorsOf(cards.value, []), task.value.defaults);
  const policies: readonly PolicyFactory[] = [() => createOurs(oursName, house(), priors), createRandomSearch, createTpe, () => createGreedy(house())];
  const services = { data: createData({ llama: app.llama }), trainer: app.train.trainer, evaluator: createEvaluator({ llama: app.llama, scorer: app.train.scorer }) };
  const directory = await mkdtemp(path.join(os.tmpdir(), "trex-bench-"));
  const clock = { now: () => performance.now() };
  const started = clock.now();
  const runs: JudgedRun[] = [];
  try {
    for (let index = 0; index < (seeds.value ?? defaultSeeds); index += 1) {
      const problem = await openRealProblem(services, task.value, model.value, (firstSeed.value ?? 1) + index, directory, context.signal);
      const options = { problem, budgetMs: budget.value, clock, conditionsOf };
      const start = await measureStart(options, context.signal);
      // Another policy begins with each seed, so that what the machine does meanwhile falls on all of them alike.
      for (let turn = 0; turn < policies.length; turn += 1) {
        const policy = policies[(turn + index) % policies.length];
        if (policy === undefined || context.signal.aborted) break;
        const run = await runReal(options, start, policy(), context.signal);
        runs.push(run);
        context.output.note(`seed ${run.seed}  ${run.policy.padEnd(8)}  ${run.checkpoints.map(({ share, score }) => `${Math.round(share * 100)} %: ${score.toFixed(3)}`).join("  ")}  ${run.nodes} trainings  (${formatDuration((clock.now() - started) / 1000)})`);
      }
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    if (!context.signal.aborted) return refuse(context, error.failure);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await app.llama.release();
  }
  if (context.signal.aborted) {
    context.output.note("Interrupted: a table of half of the runs would mislead, so none is shown.");
    return 130;
  }
  const report: Report = { ours: oursName, tables: tabulate(runs, oursName, []), overall: tabulateAll(runs, oursName, []), missing: [] };
  return await publish(context, {
    scenario: `real training: ${path.basename(task.value.model)}, ${formatDuration(budget.value / 1000)} a run`, seeds: seeds.value ?? defaultSeeds, firstSeed: firstSeed.value ?? 1, seconds: (clock.now() - started) / 1000, report, runs,
  }, "real-results");
}

/** What the house planner's diagnosis finds in a loss curve, without a node around it. */
async function conditionsOf(loss: readonly LossPoint[]): Promise<NodeSummary["conditions"]> {
  const { conditions } = await createHousePlanner().diagnose({ node: bareSummary, parent: null, gain: null, noiseFloor: 1, loss: [...loss] }, new AbortController().signal);
  return conditions;
}

const bareSummary: NodeSummary = {
  id: "n0", title: "", move: null, axis: "optimization", status: "done", verdict: null, score: null, trainLoss: null, validationLoss: null, secondary: {}, insight: null,
  recipe: { data: [], prompt: { system: null, fewShot: 0, shotSelection: "fixed" }, training: null, seed: 0 },
};
