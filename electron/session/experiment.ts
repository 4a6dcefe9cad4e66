import path from "node:path";
import { fail, ok, type Failure, type ItemScore, type Result, type TreeNode } from "../contract/index.js";
import { decideRung, type RungQuestion } from "../tree/index.js";
import { compareWith, concludeNode, failNode, pruneNode, skipNode } from "./conclude.js";
import { historyOf } from "./history.js";
import { askForMend } from "./mend.js";
import { pairScores } from "./pairing.js";
import { stateOf, type Exploration } from "./policy-state.js";
import { prepareTraining } from "./prepare.js";
import { repairFor } from "./repair.js";
import { evaluate, pilotFraction, pilotItems, recordedItems, train, trainRequest, type TrainingSet } from "./rungs.js";
import { nodeDirectory, nodeOf, requirementOf, stopIfAsked, unlessHalted, type Work } from "./work.js";

/** A failed step may be mended so often on the same node; memory is found by steps, so it gets more of them. */
const mostRepairs = 1;
const mostMemoryRepairs = 3;

type Ending = { readonly kind: "scored" } | { readonly kind: "pruned"; readonly reason: string } | { readonly kind: "unaffordable"; readonly failure: Failure };

/**
 * Runs one planned node to its verdict: dry run, fit, micro-steps, pilot, full, export, evaluation, diagnosis. Whatever
 * the journal already holds of it is not done again.
 */
export async function runExperiment(work: Work, nodeId: string, exploration: Exploration): Promise<void> {
  for (;;) {
    stopIfAsked(work);
    const ending = await attempt(work, nodeId, exploration);
    const node = nodeOf(work.ledger.view(), nodeId);
    if (ending.ok) {
      switch (ending.value.kind) {
        case "scored": return concludeNode(work, node);
        case "pruned": return pruneNode(work, node, ending.value.reason);
        case "unaffordable": return skipNode(work, node, ending.value.failure);
      }
    }
    const repairs = historyOf(work.deps.journal.records(), nodeId).repairsAfterFailure;
    const own = repairs < (ending.error.class === "OOM" ? mostMemoryRepairs : mostRepairs) ? repairFor(ending.error, node.recipe) : null;
    const repair = own ?? await askForMend(work, node, ending.error, exploration.budget);
    if (repair === null) return failNode(work, node, ending.error);
    await work.ledger.append({ type: "recipe-repaired", nodeId, recipe: repair.recipe, reason: repair.reason });
  }
}

async function attempt(work: Work, nodeId: string, exploration: Exploration): Promise<Result<Ending>> {
  const { ledger } = work;
  const current = (): TreeNode => nodeOf(ledger.view(), nodeId);
  const kept = unlessHalted(work, await work.deps.files.writeRecipe(path.join(nodeDirectory(work, nodeId), "recipe.json"), current().recipe));
  if (!kept.ok) return kept;
  if (current().recipe.training === null) {
    const scored = await evaluateFull(work, current(), null);
    return scored.ok ? ok({ kind: "scored" }) : scored;
  }

  if (historyOf(work.deps.journal.records(), nodeId).trained.full === undefined) {
    const prepared = await prepareTraining(work, nodeId);
    if (!prepared.ok) return prepared;
    if (prepared.value.kind === "unaffordable") return ok(prepared.value);
    const pilot = await runPilot(work, current(), prepared.value.set, exploration);
    if (!pilot.ok) return pilot;
    if (!pilot.value.promote) return ok({ kind: "pruned", reason: pilot.value.reason });
    const full = await runFull(work, current(), prepared.value.set);
    if (!full.ok) return full;
  }
  const exported = await checkExport(work, current());
  if (!exported.ok) return exported;
  const scored = await evaluateFull(work, current(), exported.value);
  return scored.ok ? ok({ kind: "scored" }) : scored;
}

/** A share of the epochs and of the items, compared item by item with the pilot of the node it must not fall behind. */
async function runPilot(work: Work, node: TreeNode, set: TrainingSet, exploration: Exploration): Promise<Result<{ promote: boolean; reason: string }>> {
  const { ledger, deps, meter } = work;
  const history = historyOf(deps.journal.records(), node.id);
  if (history.promoted) return ok({ promote: true, reason: "" });
  const requirement = requirementOf(ledger.view());
  const directory = path.join(nodeDirectory(work, node.id), "train", "pilot");
  if (history.evaluated.pilot === undefined) {
    const first = decideRung(stateOf(work, exploration), { ...question(work, node), pilot: null });
    if (first.next === "full") return ok({ promote: true, reason: first.reason });
    await ledger.append({ type: "stage-started", nodeId: node.id, stage: "pilot" });
    let adapterPath = history.trained.pilot?.adapterPath ?? null;
    if (adapterPath === null) {
      const trained = await train(work, trainRequest(work, node, set, { stage: "pilot", steps: null, fraction: pilotFraction, seed: node.recipe.seed, outDirectory: directory }));
      if (!trained.ok) return trained;
      adapterPath = trained.value.adapterPath;
      await ledger.append({ type: "trained", nodeId: node.id, rung: "pilot", adapterPath, adapterSha256: trained.value.adapterSha256, loss: [...trained.value.loss], cost: meter.take(), peakBytes: trained.value.peakBytes, spectra: [] });
    }
    const scored = await evaluate(work, node, {
      stage: "pilot", split: "dev-search", limit: pilotItems(requirement.splitSizes["dev-search"] ?? 0), adapterPath,
      outPath: itemsFile(work, node, "pilot"),
    });
    if (!scored.ok) return scored;
    await ledger.append({ type: "evaluated", nodeId: node.id, rung: "pilot", estimate: scored.value.estimate, gain: null, secondary: { ...scored.value.secondary }, samples: [...scored.value.samples], failures: [...scored.value.failures], itemsPath: scored.value.itemsPath, cost: meter.take() });
  }
  return ok(await promotion(work, nodeOf(ledger.view(), node.id), exploration));
}

async function promotion(work: Work, node: TreeNode, exploration: Exploration): Promise<{ promote: boolean; reason: string }> {
  const candidate = await recordedItems(work, node.id, "pilot");
  const incumbents = candidate === null ? [] : await pilotsOnSameItems(work, node, candidate);
  if (candidate === null || incumbents.length === 0) return { promote: true, reason: "There is no pilot to compare with." };
  const decision = decideRung(stateOf(work, exploration), { ...question(work, node), pilot: { candidate: candidate.map((item) => item.score), incumbents } });
  return { promote: decision.next !== "stop", reason: decision.reason };
}

const question = (work: Work, node: TreeNode): Pick<RungQuestion, "recipe" | "parentId" | "axis" | "seed"> => ({ recipe: node.recipe, parentId: node.parent, axis: node.axis, seed: requirementOf(work.ledger.view()).seed });

/** Pilots of finished nodes that answered the very items this one did, in the same order. */
async function pilotsOnSameItems(work: Work, node: TreeNode, candidate: readonly ItemScore[]): Promise<{ nodeId: string; scores: number[] }[]> {
  const others = work.ledger.view().nodes.filter((other) => other.id !== node.id && other.pilot !== null && other.status === "done");
  const pilots: { nodeId: string; scores: number[] }[] = [];
  for (const other of others) {
    const items = await recordedItems(work, other.id, "pilot");
    if (items === null) continue;
    const pairs = pairScores(items, candidate);
    if (pairs.candidate.length === candidate.length) pilots.push({ nodeId: other.id, scores: pairs.reference });
  }
  return pilots;
}

async function runFull(work: Work, node: TreeNode, set: TrainingSet): Promise<Result<void>> {
  await work.ledger.append({ type: "stage-started", nodeId: node.id, stage: "full" });
  const trained = await train(work, trainRequest(work, node, set, {
    stage: "full", steps: null, fraction: 1, seed: node.recipe.seed, outDirectory: path.join(nodeDirectory(work, node.id), "train", "full"),
  }));
  if (!trained.ok) return trained;
  const { adapterPath, adapterSha256, loss, peakBytes, spectra } = trained.value;
  await work.ledger.append({ type: "trained", nodeId: node.id, rung: "full", adapterPath, adapterSha256, loss: [...loss], cost: work.meter.take(), peakBytes, spectra: [...spectra] });
  return ok(undefined);
}

/** The file that will be delivered must be the file that was trained, before and after any crash. */
export async function checkExport(work: Work, node: TreeNode): Promise<Result<string>> {
  if (node.adapterPath === null || node.adapterSha256 === null) return fail("INTERNAL", "adapter.missing", `${node.id} was trained but names no adapter.`);
  if (node.score === null) await work.ledger.append({ type: "stage-started", nodeId: node.id, stage: "export" }, "relaxed");
  const actual = unlessHalted(work, await work.deps.files.sha256(node.adapterPath));
  if (!actual.ok) return actual;
  if (actual.value !== node.adapterSha256) {
    return fail("ENV", "adapter.changed", `The adapter file of ${node.id} is not what the trainer wrote.`, "Check the disk; another program may have changed the file.");
  }
  return ok(node.adapterPath);
}

async function evaluateFull(work: Work, node: TreeNode, adapterPath: string | null): Promise<Result<void>> {
  const { ledger, deps, meter } = work;
  if (historyOf(deps.journal.records(), node.id).evaluated.full !== undefined) return ok(undefined);
  await ledger.append({ type: "stage-started", nodeId: node.id, stage: "evaluate" });
  const scored = await evaluate(work, node, { stage: "evaluate", split: "dev-search", adapterPath, outPath: itemsFile(work, node, "full") });
  if (!scored.ok) return scored;
  const gain = await gainOverBase(work, node, scored.value.items);
  await ledger.append({ type: "evaluated", nodeId: node.id, rung: "full", estimate: scored.value.estimate, gain, secondary: { ...scored.value.secondary }, samples: [...scored.value.samples], failures: [...scored.value.failures], itemsPath: scored.value.itemsPath, cost: meter.take() });
  return ok(undefined);
}

function itemsFile(work: Work, node: TreeNode, rung: "pilot" | "full"): string {
  const { repairs } = historyOf(work.deps.journal.records(), node.id);
  return path.join(nodeDirectory(work, node.id), "eval", repairs === 0 ? `${rung}.jsonl` : `${rung}-repair-${repairs}.jsonl`);
}

async function gainOverBase(work: Work, node: TreeNode, items: readonly ItemScore[]): Promise<TreeNode["gain"]> {
  const view = work.ledger.view();
  // Before the noise floor is fixed the baselines are still being measured, and none of them is the base yet.
  if (view.noiseFloor === null || view.baselineNodeId === null || view.baselineNodeId === node.id) return null;
  return (await compareWith(work, view.baselineNodeId, items))?.gain ?? null;
}
