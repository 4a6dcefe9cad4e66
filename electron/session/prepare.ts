import path from "node:path";
import { ok, type Failure, type Result, type Training, type TreeNode } from "../contract/index.js";
import { durationText, paceOf, reserveMs } from "./budget.js";
import { shrinkForMemory, shrinkForTime } from "./repair.js";
import { buildData, pilotFraction, pilotItems, train, trainRequest, type TrainingSet } from "./rungs.js";
import { nodeDirectory, nodeOf, remainingMs, requirementOf, stopIfAsked, unlessHalted, type Work } from "./work.js";

const dryRunRows = 20;
const microSteps = 3;
/** A node cut to less of its training than this would not answer its own question. */
const leastShareOfEpochs = 0.3;
/** A longer training sets the price of every node below it, so it may take this share of what is left for the search. */
const durationShare = 0.25;

export type Prepared = { readonly kind: "ready"; readonly set: TrainingSet } | { readonly kind: "unaffordable"; readonly failure: Failure };

/**
 * Everything that is cheap and may say no, before anything dear is started: twenty rows through the recipe, then all rows,
 * then the memory and time plan, then a few steps that measure both. The dry run comes first because the plan reads rows.
 */
export async function prepareTraining(work: Work, nodeId: string): Promise<Result<Prepared>> {
  const current = (): TreeNode => nodeOf(work.ledger.view(), nodeId);
  await dropForeignWarmStart(work, current());
  await work.ledger.append({ type: "stage-started", nodeId, stage: "dry-run" });
  const dry = await buildData(work, current(), dryRunRows);
  if (!dry.ok) return dry;
  const set = await buildData(work, current(), null);
  if (!set.ok) return set;

  await work.ledger.append({ type: "stage-started", nodeId, stage: "fits" });
  const fitted = await fit(work, nodeId, set.value);
  if (!fitted.ok) return fitted;
  if (current().pilot !== null) return ok({ kind: "ready", set: fitted.value });

  await work.ledger.append({ type: "stage-started", nodeId, stage: "micro-steps" });
  const measured = await takeMicroSteps(work, current(), fitted.value);
  if (!measured.ok) return measured;
  return fitToBudget(work, nodeId, fitted.value, measured.value);
}

/** An adapter can only be continued in the shape it was trained in. */
async function dropForeignWarmStart(work: Work, node: TreeNode): Promise<void> {
  const training = node.recipe.training;
  if (training?.warmStartFrom == null) return;
  const source = work.ledger.view().nodes.find((other) => other.id === training.warmStartFrom && other.adapterPath !== null);
  const shape = source?.recipe.training;
  if (shape?.rank === training.rank && shape.targets === training.targets && shape.alpha === training.alpha && sameRanks(shape.ranks, training.ranks)) return;
  await work.ledger.append({ type: "stage-started", nodeId: node.id, stage: "fits" });
  await work.ledger.append({
    type: "recipe-repaired", nodeId: node.id, recipe: { ...node.recipe, training: { ...training, warmStartFrom: null } },
    reason: `The adapter of ${training.warmStartFrom} has another shape or is gone, so this one starts from nothing.`,
  });
}

function sameRanks(left: Training["ranks"], right: Training["ranks"]): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => left[name] === right[name]);
}

/** Shrinks the recipe step by step until the trainer's own plan says that it fits. */
async function fit(work: Work, nodeId: string, built: TrainingSet): Promise<Result<TrainingSet>> {
  let set = built;
  for (;;) {
    stopIfAsked(work);
    const node = nodeOf(work.ledger.view(), nodeId);
    const request = trainRequest(work, node, set, { stage: "fits", steps: null, fraction: 1, seed: node.recipe.seed, outDirectory: path.join(nodeDirectory(work, nodeId), "train", "plan") });
    const planned = unlessHalted(work, await work.meter.run("train", () => work.deps.trainer.plan(request, work.signal)));
    if (!planned.ok) return planned;
    await work.ledger.append({ type: "memory-planned", nodeId, memory: planned.value.memory }, "relaxed");
    if (planned.value.fits) return ok(set);
    const repair = shrinkForMemory(node.recipe);
    if (repair === null) {
      const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
      return { ok: false, error: { class: "OOM", code: "plan.does_not_fit", message: `The smallest training of this model needs ${gigabytes(planned.value.memory.plannedBytes)} GB and ${gigabytes(planned.value.limitBytes)} GB are free.`, hint: "Close other programs, or choose a smaller model." } };
    }
    await work.ledger.append({ type: "recipe-repaired", nodeId, recipe: repair.recipe, reason: repair.reason });
    if (repair.recipe.training?.maxSequenceTokens !== node.recipe.training?.maxSequenceTokens) {
      const again = await buildData(work, nodeOf(work.ledger.view(), nodeId), null);
      if (!again.ok) return again;
      set = again.value;
    }
  }
}

interface Measured {
  readonly tokensPerSecond: number;
}

/** Three real steps: what they use and how fast they go is measured, not guessed. */
async function takeMicroSteps(work: Work, node: TreeNode, set: TrainingSet): Promise<Result<Measured>> {
  let tokensPerSecond = 0;
  const request = trainRequest(work, node, set, { stage: "micro-steps", steps: microSteps, fraction: 1, seed: node.recipe.seed, outDirectory: path.join(nodeDirectory(work, node.id), "train", "micro-steps") });
  const trained = await train(work, {
    ...request,
    onProgress: (progress) => {
      // The first step also pays for caches and page faults; the fastest says what the rest will be like.
      tokensPerSecond = Math.max(tokensPerSecond, progress.tokensPerSecond);
      request.onProgress(progress);
    },
  });
  if (!trained.ok) return trained;
  await work.ledger.append({ type: "trained", nodeId: node.id, rung: "micro-steps", adapterPath: null, adapterSha256: null, loss: [...trained.value.loss], cost: work.meter.take(), peakBytes: trained.value.peakBytes, spectra: [] });
  return ok({ tokensPerSecond });
}

/** Cuts the epochs to the time that is left, or says that the node cannot be paid for. */
async function fitToBudget(work: Work, nodeId: string, set: TrainingSet, measured: Measured): Promise<Result<Prepared>> {
  const view = work.ledger.view();
  const node = nodeOf(view, nodeId);
  const training = node.recipe.training;
  if (training === null || measured.tokensPerSecond <= 0) return ok({ kind: "ready", set });
  const trainMs = ((set.tokens * training.epochs) / measured.tokensPerSecond) * 1000 * (1 + pilotFraction);
  const items = requirementOf(view).splitSizes["dev-search"] ?? 0;
  const evaluateMs = (items + pilotItems(items)) * (paceOf(view).itemMs ?? 0);
  const availableMs = remainingMs(work) - reserveMs(view) - evaluateMs;
  const first = !view.nodes.some((other) => other.score !== null && other.recipe.training !== null);
  const allowedMs = node.axis === "duration" ? Math.min(availableMs, Math.max(availableMs * durationShare, trainMs * leastShareOfEpochs)) : availableMs;
  if (trainMs <= allowedMs) return ok({ kind: "ready", set });

  const share = allowedMs / trainMs;
  const repair = share < (first ? 0 : leastShareOfEpochs) ? null : shrinkForTime(node.recipe, share, "The budget allows no more:");
  if (repair === null) {
    const neededMs = view.budget.totalMs + trainMs * (first ? leastShareOfEpochs : 1) - availableMs;
    return ok({
      kind: "unaffordable",
      failure: {
        class: "TIMEOUT", code: first ? "budget.too_small" : "budget.node_too_slow",
        message: `Training this recipe takes about ${durationText(trainMs)} here, and ${durationText(Math.max(0, availableMs))} of the budget are left for it.`,
        hint: `A budget of about ${durationText(neededMs)} would be enough.`,
      },
    });
  }
  await work.ledger.append({ type: "stage-started", nodeId, stage: "fits" });
  await work.ledger.append({ type: "recipe-repaired", nodeId, recipe: repair.recipe, reason: repair.reason });
  return ok({ kind: "ready", set });
}
