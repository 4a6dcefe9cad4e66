import type { CardCondition, MoveId, MoveOutlook, NodeSummary, PlannerContext } from "../../contract/index.js";
import { highLoss, isMemorising } from "../diagnosis/conditions.js";
import { kindOfLabel, type FailureKind } from "../diagnosis/failure-label.js";
import { shapeIn, type LossShape } from "../diagnosis/loss-shape.js";
import { shown } from "../proposal/evidence.js";
import { moveOfHint } from "./hints.js";

/** What the rules look at, worked out once. Nothing in it comes from free text, hints and goals included. */
export interface Situation {
  readonly context: PlannerContext;
  readonly parent: NodeSummary;
  readonly conditions: ReadonlySet<CardCondition>;
  readonly shape: LossShape;
  /** What the curve's reading rests on: the parent, and its diagnosis where it has one. */
  readonly readings: readonly string[];
  readonly isUntrained: boolean;
  readonly isMemorising: boolean;
  /** Its loss is still high in training, and it is hardly better than a prompt. */
  readonly isUnderfitting: boolean;
  readonly beatsBaseline: boolean;
  /** The best untrained prompt is about as good as anything trained. */
  readonly promptLeads: boolean;
  /** Share of answers that are well-formed JSON; null where it is not measured. */
  readonly jsonValid: number | null;
  /** Explore while several nodes can still follow, refine with the last ones (field/trex.md 9). */
  readonly phase: "explore" | "middle" | "refine";
  /** One standard error of a score, never nought. */
  readonly noise: number;
  /** Nodes the context tells of, each once. */
  readonly seen: readonly NodeSummary[];
  /** A size near the parent's did not fit the memory. */
  readonly memoryTight: boolean;
  readonly tries: (...moves: readonly MoveId[]) => number;
  /** Ids of the cards that speak for a move, and of the hints that name it. */
  readonly cardsFor: (move: MoveId) => readonly string[];
  readonly hintsFor: (move: MoveId) => readonly string[];
  readonly outlookOf: (move: MoveId) => MoveOutlook | null;
  /** Share of dev-search items that failed this way. */
  readonly failing: (kind: FailureKind) => number;
}

const exploreFrom = 5;
const refineUpTo = 2;

export function assess(context: PlannerContext): Situation {
  const { parent } = context;
  const conditions = new Set(parent.conditions ?? []);
  const shape = shapeOf(parent, conditions);
  const noise = Math.max(context.noiseFloor, 0.05 * Math.abs(context.bestScore - context.baselineScore), 1e-4);
  const seen = [...new Map([...context.path, parent, ...context.siblings, ...context.keyNodes].map((node) => [node.id, node])).values()];
  const outlook = new Map(context.outlook.map((entry) => [entry.move, entry]));
  const bestTrained = Math.max(...seen.map((node) => (node.recipe.training === null ? -Infinity : (node.score ?? -Infinity))));
  const { nodesLeft } = context.budget;
  const memorises = shape === "overfitting" || isMemorising(parent);
  const isUnderfitting = parent.recipe.training !== null && !memorises && (conditions.has("underfitting") || (parent.trainLoss !== null && parent.trainLoss > highLoss && (parent.score ?? 0) < context.baselineScore + 2 * noise));
  const seenMoves = new Map<MoveId, number>();
  for (const { move } of seen) if (move !== null) seenMoves.set(move, (seenMoves.get(move) ?? 0) + 1);
  const hints = gather(context.hints.slice(0, shown.hints).flatMap(({ id, text }) => [moveOfHint(text)].flatMap((move) => (move === null ? [] : [[move, `hint:${id}`] as const]))));
  const cards = gather(context.cards.slice(0, shown.cards).flatMap(({ id, about }) => (about ?? []).filter(({ helps }) => helps).map(({ move }) => [move, id] as const)));
  return {
    context, parent, conditions, shape, noise, seen,
    readings: parent.insight === null ? [parent.id] : [parent.id, `diagnosis:${parent.id}`],
    isUntrained: parent.recipe.training === null,
    isMemorising: memorises,
    isUnderfitting,
    beatsBaseline: context.bestScore - context.baselineScore >= 2 * noise,
    // A training that has not learned yet says nothing about what training can do.
    promptLeads: !isUnderfitting && Number.isFinite(bestTrained) && context.baselineScore >= bestTrained - noise,
    jsonValid: parent.secondary.jsonValid ?? null,
    phase: nodesLeft >= exploreFrom ? "explore" : nodesLeft <= refineUpTo ? "refine" : "middle",
    memoryTight: isMemoryTight(context),
    tries: (...moves) => moves.reduce((sum, move) => sum + Math.max(outlook.get(move)?.tries ?? 0, seenMoves.get(move) ?? 0), 0),
    cardsFor: (move) => cards.get(move) ?? [],
    hintsFor: (move) => hints.get(move) ?? [],
    outlookOf: (move) => outlook.get(move) ?? null,
    // An item may be in several clusters, so their shares may add up to more than all.
    failing: (kind) => Math.min(1, context.parentFailures.reduce((sum, cluster) => (kindOfLabel(cluster.label) === kind ? sum + cluster.share : sum), 0)),
  };
}

function gather(pairs: readonly (readonly [MoveId, string])[]): ReadonlyMap<MoveId, readonly string[]> {
  const ids = new Map<MoveId, string[]>();
  for (const [move, id] of pairs) ids.set(move, [...(ids.get(move) ?? []), id]);
  return ids;
}

function shapeOf(parent: NodeSummary, conditions: ReadonlySet<CardCondition>): LossShape {
  if (conditions.has("unstable") || (parent.trainLoss !== null && !Number.isFinite(parent.trainLoss))) return "unstable";
  if (conditions.has("overfitting")) return "overfitting";
  if (conditions.has("loss-falling")) return "falling";
  if (conditions.has("loss-flat")) return "flat";
  // A failed node's line is its failure, in words of other programs and of file names.
  return parent.status === "failed" || parent.conditions !== undefined ? "unknown" : shapeIn(parent.insight);
}

/** A training of at most twice the parent's size in either direction was seen not to fit. */
function isMemoryTight({ parent, memoryTable }: PlannerContext): boolean {
  const training = parent.recipe.training;
  return training !== null && memoryTable.some((row) => !row.fits && row.rank <= 2 * training.rank && row.tokensPerStep <= 2 * training.tokensPerStep);
}
