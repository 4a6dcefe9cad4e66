import path from "node:path";
import { ok, type ItemScore, type JournalEventOf, type Result, type TreeNode } from "../contract/index.js";
import { deriveSeed, estimateOf } from "../stats/index.js";
import { chooseFinalists, chooseWinner, type FinalistCandidate } from "../tree/index.js";
import { paceOf, vaultMs } from "./budget.js";
import { checkExport } from "./experiment.js";
import { noiseOf } from "./pairing.js";
import { stateOf, type SearchFacts } from "./policy-state.js";
import { buildData, evaluate, recordedItems, train, trainRequest } from "./rungs.js";
import { nodeDirectory, nodeOf, remainingMs, requirementOf, sealedItemsPath, stopIfAsked, type Work } from "./work.js";

const mostFinalists = 3;

/**
 * Of the nodes that beat the prompted base on dev-search, the one that does best on rows the search never saw, with a
 * second training seed where the budget allows. Gives the base's id when nothing beat it, or when the user wants no adapter.
 */
export async function chooseDelivered(work: Work, facts: SearchFacts): Promise<string> {
  const view = work.ledger.view();
  const base = nodeOf(view, view.baselineNodeId ?? "");
  const baseScore = base.score?.score ?? Number.NEGATIVE_INFINITY;
  const better = new Set(view.nodes.filter((node) => node.status === "done" && node.adapterPath !== null && (node.score?.score ?? Number.NEGATIVE_INFINITY) > baseScore).map((node) => node.id));
  if (better.size === 0 || requirementOf(view).constraints.deliver === "prompt") return base.id;
  const state = stateOf(work, { facts, budget: { remainingMs: remainingMs(work), nodeMs: 0, nodesLeft: 0 } });
  // The means are shrunk over all nodes; only those that were trained and beat the base can be finalists.
  const ranked = chooseFinalists(state, view.nodes.length).filter(({ nodeId }) => better.has(nodeId)).slice(0, mostFinalists);
  const finalists = ranked.length > 0 ? ranked : await bestOf(work, better);

  for (const [index, finalist] of finalists.entries()) {
    stopIfAsked(work);
    const node = nodeOf(work.ledger.view(), finalist.nodeId);
    if (node.finalist === null && (index === 0 || affordable(work, "score"))) await scoreFinalist(work, node);
  }
  for (const finalist of finalists) {
    stopIfAsked(work);
    const node = nodeOf(work.ledger.view(), finalist.nodeId);
    if (node.finalist?.seeds === 1 && affordable(work, "second-seed")) await scoreSecondSeed(work, node);
  }
  const scored: FinalistCandidate[] = [];
  for (const finalist of finalists) {
    const record = lastScore(work, finalist.nodeId);
    if (record === null) continue;
    const items = await work.deps.files.readItems(record.itemsPath);
    scored.push({ ...finalist, score: record.estimate.score, standardError: noiseOf(items.ok ? items.value.map((item) => item.score) : [], record.estimate) });
  }
  return chooseWinner(scored)?.nodeId ?? base.id;
}

/** The highest raw score, for the odd case in which every shrunk favourite is an untrained prompt. */
async function bestOf(work: Work, ids: ReadonlySet<string>): Promise<FinalistCandidate[]> {
  const nodes = work.ledger.view().nodes.filter((node) => ids.has(node.id)).sort((left, right) => (right.score?.score ?? 0) - (left.score?.score ?? 0));
  return nodes[0] === undefined ? [] : [await candidateOf(work, nodes[0])];
}

async function candidateOf(work: Work, node: TreeNode): Promise<FinalistCandidate> {
  const items = await recordedItems(work, node.id, "full");
  const estimate = node.score ?? { score: Number.NaN, ci: [Number.NaN, Number.NaN], n: 0 };
  return { nodeId: node.id, score: estimate.score, standardError: noiseOf((items ?? []).map((item) => item.score), estimate), recipe: node.recipe };
}

function affordable(work: Work, what: "score" | "second-seed"): boolean {
  const view = work.ledger.view();
  const { itemMs, trainMs } = paceOf(view);
  const scoreMs = (itemMs ?? 0) * (view.requirement?.splitSizes["dev-select"] ?? 0);
  return remainingMs(work) - vaultMs(view) > scoreMs + (what === "second-seed" ? (trainMs ?? 0) : 0);
}

async function scoreFinalist(work: Work, node: TreeNode): Promise<void> {
  await work.ledger.append({ type: "status-changed", status: "finalists", phase: `Scoring finalist ${node.id} on rows the search never saw.` }, "relaxed");
  const adapter = await checkExport(work, node);
  const itemsPath = sealedItemsPath(work, `dev-select-${node.id}`);
  const scored = adapter.ok ? await evaluate(work, node, { stage: "evaluate", split: "dev-select", adapterPath: adapter.value, outPath: itemsPath }) : adapter;
  if (!scored.ok) return dropOut(work, `Finalist ${node.id} could not be scored: ${scored.error.message}`);
  await work.ledger.append({ type: "finalist-scored", nodeId: node.id, seeds: 1, estimate: scored.value.estimate, itemsPath: scored.value.itemsPath, seedAdapterPath: null, cost: work.meter.take() });
}

/** The same recipe under another seed: what two trainings agree on is the recipe, not luck. */
async function scoreSecondSeed(work: Work, node: TreeNode): Promise<void> {
  await work.ledger.append({ type: "status-changed", status: "finalists", phase: `Training finalist ${node.id} again with another seed.` }, "relaxed");
  const first = lastScore(work, node.id);
  const firstItems = first === null ? null : await work.deps.files.readItems(first.itemsPath);
  const second = await trainSecondSeed(work, node);
  if (!second.ok) return dropOut(work, `The second seed of ${node.id} failed and counts for nothing: ${second.error.message}`);
  if (first === null || !firstItems?.ok) return dropOut(work, `The first scores of ${node.id} are gone, so its second seed counts for nothing.`);
  const known = new Map(firstItems.value.map((item) => [item.id, item.score]));
  const means = second.value.items.map((item) => (item.score + (known.get(item.id) ?? item.score)) / 2);
  await work.ledger.append({
    type: "finalist-scored", nodeId: node.id, seeds: 2, estimate: estimateOf(means, deriveSeed(requirementOf(work.ledger.view()).seed, "finalist", node.id)),
    itemsPath: first.itemsPath, seedAdapterPath: second.value.adapterPath, cost: work.meter.take(),
  });
}

async function trainSecondSeed(work: Work, node: TreeNode): Promise<Result<{ items: readonly ItemScore[]; adapterPath: string }>> {
  const set = await buildData(work, node, null);
  if (!set.ok) return set;
  const trained = await train(work, trainRequest(work, node, set.value, {
    stage: "full", steps: null, fraction: 1, seed: deriveSeed(node.recipe.seed, "second seed"), outDirectory: path.join(nodeDirectory(work, node.id), "train", "second-seed"),
    // Its own time was part of the reserve; only the vault and the delivery are still to be paid.
    keepMs: vaultMs(work.ledger.view()),
  }));
  if (!trained.ok) return trained;
  const scored = await evaluate(work, node, { stage: "evaluate", split: "dev-select", adapterPath: trained.value.adapterPath, outPath: sealedItemsPath(work, `dev-select-${node.id}-second-seed`) });
  return scored.ok ? ok({ items: scored.value.items, adapterPath: trained.value.adapterPath }) : scored;
}

async function dropOut(work: Work, message: string): Promise<void> {
  await work.ledger.append({ type: "warning", message });
}

function lastScore(work: Work, nodeId: string): JournalEventOf<"finalist-scored"> | null {
  const record = work.deps.journal.records().findLast(({ event }) => event.type === "finalist-scored" && event.nodeId === nodeId);
  return record?.event.type === "finalist-scored" ? record.event : null;
}
