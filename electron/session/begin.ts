import { err, fail, type ModelFacts, type PreparedData, type Requirement, type Result, type Task } from "../contract/index.js";
import { durationText, parseBudget } from "./budget.js";
import { leased, requirementOf, stopIfAsked, unlessHalted, type Work } from "./work.js";

/** No model loads, answers and trains in less, on any machine. */
const leastBudgetMs = 20_000;
const largestSequence = 8192;

/** Brings a run from nothing, or from wherever its journal stops, to a fixed requirement. */
export async function begin(work: Work): Promise<Result<ModelFacts>> {
  const { ledger, deps } = work;
  if (ledger.view().runId === "") {
    await ledger.append({ type: "run-created", runId: deps.runId, task: deps.task, appVersion: deps.appVersion });
  }
  if (ledger.view().requirement !== null) return sameModel(work);

  const task = taskOf(work);
  const budget = parseBudget(task.budget);
  if (!budget.ok) return budget;
  if (budget.value < leastBudgetMs) {
    return fail("CONFIG", "budget.too_small", `A budget of ${durationText(budget.value)} is too small: loading, measuring and training a model once takes at least ${durationText(leastBudgetMs)}.`, "Give it more time, for example a budget of 10m.");
  }
  // The model comes first: its file is the cheaper check, and data can only be counted in tokens with its vocabulary.
  await ledger.append({ type: "status-changed", status: "preparing", phase: "Checking the model." });
  const model = unlessHalted(work, await deps.models.inspect(task.model, work.signal));
  if (!model.ok) return model;
  stopIfAsked(work);
  await ledger.append({ type: "status-changed", status: "preparing", phase: "Reading the data and sealing the test rows." });
  const prepared = unlessHalted(work, await leased(work, "evaluator", () => work.meter.run("evaluate", () => deps.data.prepare({
    path: task.data, modelPath: task.model, runDirectory: deps.runDirectory, seed: task.seed, sizes: task.splits, contextLength: model.value.contextLength,
  }, work.signal))));
  if (!prepared.ok) return prepared;
  await ledger.append({ type: "data-imported", report: prepared.value.report });
  const requirement = requirementFrom(task, budget.value, model.value, prepared.value);
  await ledger.append({ type: "requirement-fixed", requirement, warnings: [...prepared.value.warnings] });
  return model;
}

export function taskOf(work: Work): Task {
  const created = work.deps.journal.records().find((record) => record.event.type === "run-created");
  return created?.event.type === "run-created" ? created.event.task : work.deps.task;
}

/** What the host makes of a task: fixed before the first experiment. */
export function requirementFrom(task: Task, budgetMs: number, model: ModelFacts, data: PreparedData): Requirement {
  const chosen = task.metric !== undefined;
  const roomForGrowth = 16;
  const wanted = Math.ceil((data.longestTokens + roomForGrowth) / 16) * 16;
  return {
    goal: task.goal,
    metric: task.metric ?? data.recommendedMetric,
    metricReason: chosen ? "The task says so." : data.metricReason,
    modelPath: model.path, modelSha256: model.sha256, modelName: model.name, architecture: model.architecture,
    dataPath: data.report.path, dataSha256: data.report.sha256,
    budgetMs, seed: task.seed, planner: task.planner, agentModelPath: task.agentModel ?? null, maxNodes: task.maxNodes,
    // A quarter more than the longest right answer: room to be wrong at length, and no more.
    maxAnswerTokens: task.maxAnswerTokens ?? Math.min(4096, Math.ceil(data.longestAnswerTokens * 1.25) + 4),
    // What the longest row needs; a task may train on longer or shorter rows all the same (`factsOf`).
    maxSequenceTokens: Math.max(16, Math.min(model.contextLength, largestSequence, wanted)),
    shotTokens: data.shotTokens,
    gainSigmas: task.gainSigmas, tariffPerKilowattHour: task.tariffPerKilowattHour ?? null, threads: task.threads,
    splitSizes: { ...data.sizes },
    skill: task.skill ?? data.skill, target: task.target ?? null, mustNotGetWorse: task.mustNotGetWorse, constraints: task.constraints,
    instructions: task.instructions, formatRules: data.formatRules, useLibrary: task.useLibrary, keepInsights: task.keepInsights,
    modelBytesPerWeight: model.sizeBytes === undefined || model.parameters === 0 ? null : model.sizeBytes / model.parameters,
  };
}

/** A resumed run must meet the very file it started with: scores of two models do not compare. */
async function sameModel(work: Work): Promise<Result<ModelFacts>> {
  const requirement = requirementOf(work.ledger.view());
  const model = unlessHalted(work, await work.deps.models.inspect(requirement.modelPath, work.signal));
  if (!model.ok) return err({ ...model.error, hint: `Everything finished so far was kept. ${model.error.hint}`.trim() });
  if (model.value.sha256 !== requirement.modelSha256) {
    return fail("CONFIG", "model.changed", "The model file is no longer the one this run started with.", "Put the original file back and resume, or start a new run with the new file. Everything finished so far was kept.");
  }
  return model;
}
