import { FailureError, type CardCondition, type Failure, type ItemScore, type TreeNode, type Verdict } from "../contract/index.js";
import { judgeNode } from "../tree/index.js";
import { diagnosisContext } from "./context.js";
import { comparePaired, pairScores, type Comparison } from "./pairing.js";
import { recordedItems } from "./rungs.js";
import { leased, requirementOf, stopIfAsked, type Work } from "./work.js";

/** Ends a scored node: verdict against the better of its parent and the prompted base, diagnosis, insight, reward. */
export async function concludeNode(work: Work, node: TreeNode): Promise<void> {
  const reward = node.score?.score ?? null;
  if (node.kind === "baseline") {
    await work.ledger.append({ type: "node-finished", nodeId: node.id, status: "done", verdict: "baseline", insight: null, hypothesisHeld: null, failure: null, reward, cost: work.meter.take(), conditions: [] });
    return;
  }
  const items = await recordedItems(work, node.id, "full");
  const verdict = await judge(work, items, strongerReference(work, node));
  const parentVerdict = node.parent === null ? verdict : await judge(work, items, node.parent);
  const { insight, conditions, held } = await diagnose(work, node, items);
  await work.ledger.append({
    type: "node-finished", nodeId: node.id, status: "done", verdict, insight, hypothesisHeld: held ?? parentVerdict === "gain",
    failure: null, reward, cost: work.meter.take(), conditions: [...conditions],
  });
}

/** Ends a node whose pilot fell surely behind: what it showed is kept, the full training is saved. */
export async function pruneNode(work: Work, node: TreeNode, reason: string): Promise<void> {
  const { insight, conditions } = await diagnose(work, node, null);
  await work.ledger.append({
    type: "node-finished", nodeId: node.id, status: "pruned", verdict: "worse", insight: insight ?? shortened(reason), hypothesisHeld: false,
    failure: null, reward: null, cost: work.meter.take(), conditions: [...conditions],
  });
}

/** A failed implementation is not a failed idea, except where the idea itself leaves no data to train on. */
export async function failNode(work: Work, node: TreeNode, failure: Failure): Promise<void> {
  await work.ledger.append({
    type: "node-finished", nodeId: node.id, status: "failed", verdict: failure.class === "DATA" ? "idea-wrong" : "implementation-wrong",
    insight: shortened(`${failure.class}: ${failure.message}`), hypothesisHeld: null, failure, reward: null, cost: work.meter.take(), conditions: [],
  });
}

/** A node the budget cannot pay for says nothing about its idea. When it is the very first, neither can the run go on. */
export async function skipNode(work: Work, node: TreeNode, failure: Failure): Promise<void> {
  await work.ledger.append({
    type: "node-finished", nodeId: node.id, status: "cancelled", verdict: null, insight: null, hypothesisHeld: null, failure, reward: null, cost: work.meter.take(), conditions: [],
  });
  if (failure.code === "budget.too_small") {
    throw new FailureError({ ...failure, class: "CONFIG", hint: `${failure.hint} The scores of the base model were kept.` });
  }
}

/** Ends a node that the user cut off while it ran: what it cost is kept, its idea is not judged. */
export async function cancelNode(work: Work, nodeId: string): Promise<void> {
  await work.ledger.append({ type: "node-finished", nodeId, status: "cancelled", verdict: null, insight: null, hypothesisHeld: null, failure: null, reward: null, cost: work.meter.take(), conditions: [] });
}

/** Paired comparison with another node's recorded dev-search scores; null when there are none. */
export async function compareWith(work: Work, referenceId: string, items: readonly ItemScore[]): Promise<Comparison | null> {
  const reference = await recordedItems(work, referenceId, "full");
  return reference === null ? null : comparePaired(reference, items, requirementOf(work.ledger.view()).seed);
}

async function judge(work: Work, items: readonly ItemScore[] | null, referenceId: string | null): Promise<Verdict> {
  const reference = referenceId === null ? null : await recordedItems(work, referenceId, "full");
  if (items === null || reference === null) return "within-noise";
  const pairs = pairScores(reference, items);
  return pairs.candidate.length === 0 ? "within-noise" : judgeNode({ base: pairs.reference, candidate: pairs.candidate, gainSigmas: requirementOf(work.ledger.view()).gainSigmas });
}

/** Beating a weak parent is no gain while the prompted base is better than both. */
function strongerReference(work: Work, node: TreeNode): string | null {
  const { nodes } = work.ledger.view();
  const scoreOf = (other: TreeNode | undefined): number => other?.score?.score ?? Number.NEGATIVE_INFINITY;
  // A prompt that was just scored may be the best untrained node itself; it is judged by the others.
  const base = nodes.filter((other) => other.id !== node.id && other.recipe.training === null && other.status !== "failed" && other.score !== null)
    .reduce<TreeNode | undefined>((best, other) => (best === undefined || scoreOf(other) > scoreOf(best) ? other : best), undefined);
  const parent = nodes.find((other) => other.id === node.parent);
  return (scoreOf(parent) > scoreOf(base) ? parent?.id : base?.id) ?? null;
}

/** With the items at hand the noise is that of the paired difference to the parent, the same that the verdict goes by. */
async function diagnose(work: Work, node: TreeNode, items: readonly ItemScore[] | null): Promise<{ insight: string | null; conditions: readonly CardCondition[]; held: boolean | null }> {
  await work.ledger.append({ type: "stage-started", nodeId: node.id, stage: "diagnose" }, "relaxed");
  const compared = items === null || node.parent === null ? null : await compareWith(work, node.parent, items);
  const context = diagnosisContext(work.ledger.view(), node);
  const noiseFloor = compared === null || compared.standardError === 0 ? context.noiseFloor : compared.standardError;
  const { insight, conditions, held, spent } = await leased(work, "agent", () => work.meter.run("agent", () => work.deps.planner.diagnose({ ...context, noiseFloor }, work.signal)));
  stopIfAsked(work);
  work.meter.addTokens(spent.tokens);
  return { insight: insight.trim() === "" ? null : shortened(insight), conditions, held: held ?? null };
}

/** One line of at most 200 characters, as the journal keeps insights. */
function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
