import path from "node:path";
import {
  fail, ok, type EvaluateOutcome, type ItemScore, type Result, type Stage, type TrainOutcome, type TrainRequest, type TreeNode,
} from "../contract/index.js";
import { itemsPathOf } from "./history.js";
import { leased, nodeDirectory, remainingMs, reportProgress, requirementOf, unlessHalted, type Work } from "./work.js";
import { reserveMs } from "./budget.js";

/** Share of the epochs and of the items a pilot gets: enough to tell a dead end, a third of the price. */
export const pilotFraction = 0.3;
const pilotItemShare = 0.4;
const leastPilotItems = 16;

export interface TrainingSet {
  readonly trainPath: string;
  readonly validationPath: string;
  readonly tokens: number;
}

/** Applies the recipe's operators and tokenises. `limitRows` makes it the dry run. */
export async function buildData(work: Work, node: TreeNode, limitRows: number | null): Promise<Result<TrainingSet>> {
  const requirement = requirementOf(work.ledger.view());
  const training = node.recipe.training;
  if (training === null) throw new Error("An untrained node has no training set.");
  const built = await leased(work, "evaluator", () => work.meter.run("train", () => work.deps.data.buildTrainingSet({
    runDirectory: work.deps.runDirectory, modelPath: requirement.modelPath, operators: node.recipe.data, prompt: node.recipe.prompt,
    goal: requirement.goal, seed: node.recipe.seed, maxSequenceTokens: training.maxSequenceTokens,
    outDirectory: path.join(nodeDirectory(work, node.id), limitRows === null ? "data" : "dry-run"),
    ...(limitRows === null ? {} : { limitRows }),
  }, work.signal)));
  const result = unlessHalted(work, built);
  if (!result.ok) return result;
  if (result.value.rows === 0) return fail("DATA", "data.nothing_left", "No training row was left after the recipe's steps.", "Longer rows need a larger maxSequenceTokens.");
  if (limitRows === null && result.value.droppedRows > result.value.rows) {
    return fail("DATA", "data.mostly_dropped", `${result.value.droppedRows} of ${result.value.rows + result.value.droppedRows} rows are longer than ${training.maxSequenceTokens} tokens and would be left out.`, "Set defaults.maxSequenceTokens in the task to a larger value.");
  }
  return ok(result.value);
}

/** The request for one training, shared by the plan, the micro-steps and both rungs. `keepMs` of the budget is not its to spend; the end of the run when absent. */
export function trainRequest(work: Work, node: TreeNode, set: TrainingSet, options: { stage: Stage; steps: number | null; fraction: number; seed: number; outDirectory: string; keepMs?: number }): TrainRequest {
  const view = work.ledger.view();
  const training = node.recipe.training;
  if (training === null) throw new Error("An untrained node is not trained.");
  const parent = view.nodes.find((candidate) => candidate.id === training.warmStartFrom);
  return {
    modelPath: requirementOf(view).modelPath,
    trainPath: set.trainPath,
    validationPath: options.steps === null ? set.validationPath : null,
    outDirectory: options.outDirectory,
    training,
    warmStartAdapter: parent?.adapterPath ?? null,
    seed: options.seed,
    threads: requirementOf(view).threads,
    steps: options.steps,
    fraction: options.fraction,
    secondsLimit: options.steps === null ? Math.max(1, Math.ceil((remainingMs(work) - (options.keepMs ?? reserveMs(view))) / 1000)) : null,
    onProgress: (progress) => reportProgress(work, node.id, options.stage, { done: progress.step, total: progress.steps, loss: progress.loss, tokensPerSecond: progress.tokensPerSecond }),
  };
}

export async function train(work: Work, request: TrainRequest): Promise<Result<TrainOutcome>> {
  return unlessHalted(work, await leased(work, "trainer", () => work.meter.run("train", () => work.deps.trainer.train(request, work.signal))));
}

export interface EvaluateOptions {
  readonly stage: Stage;
  readonly split: "dev-search" | "dev-select" | "vault";
  readonly limit?: number;
  readonly adapterPath: string | null;
  readonly outPath: string;
}

/** Scores a node's own prompt and the given adapter on a split. */
export async function evaluate(work: Work, node: TreeNode, options: EvaluateOptions): Promise<Result<EvaluateOutcome>> {
  const requirement = requirementOf(work.ledger.view());
  const result = await leased(work, "evaluator", () => work.meter.run("evaluate", () => work.deps.evaluator.evaluate({
    runDirectory: work.deps.runDirectory, split: options.split, modelPath: requirement.modelPath, adapterPath: options.adapterPath,
    prompt: node.recipe.prompt, goal: requirement.goal, metric: requirement.metric, maxAnswerTokens: requirement.maxAnswerTokens,
    threads: requirement.threads, seed: requirement.seed, outPath: options.outPath,
    onProgress: (progress) => reportProgress(work, node.id, options.stage, progress),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  }, work.signal)));
  return unlessHalted(work, result);
}

/** How many dev-search items a pilot sees. */
export function pilotItems(devSearchItems: number): number {
  return Math.min(devSearchItems, Math.max(leastPilotItems, Math.ceil(devSearchItems * pilotItemShare)));
}

/** A node's recorded scores; null when there are none to read, which only costs a comparison. */
export async function recordedItems(work: Work, nodeId: string, rung: "pilot" | "full"): Promise<readonly ItemScore[] | null> {
  const itemsPath = itemsPathOf(work.deps.journal.records(), nodeId, rung);
  if (itemsPath === null) return null;
  const items = await work.deps.files.readItems(itemsPath);
  return items.ok ? items.value : null;
}
