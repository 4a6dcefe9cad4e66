import { moves, type MoveId, type MoveOutlook } from "../../contract/index.js";
import type { Situation } from "./situation.js";
import type { Vote } from "./vote.js";

/**
 * How much the rules' weights count, and how much the host's outlook. Found with the simulator and the built-in scenario: rules
 * that outweigh the outlook lost about a point to the outlook alone, these do not (some thirty problems each way, so no finer).
 */
const ruleExponent = 0.6;
const outlookExponent = 2;
/** Costs are guesses from this run's own nodes, gains are modelled: a move of twice the cost needs 1.4 times the gain, not twice. */
const costExponent = 0.5;
/** A move of which nothing is expected keeps this share of the best one's worth, so that rules still tell such moves apart. */
const leastWorth = 0.02;
/** What cannot be paid is as good as forbidden. */
const unaffordable = 0.01;
/** A hint is worth about as much as a good rule more. */
const hintFactor = 1.6;

/** A vote's weight after memory, hints, cards and what was tried, and after what the host expects of the move. */
export function weigh(cast: Vote, situation: Situation): Vote {
  const known = [byHistory, byMemory, byKnowledge].reduce((weighed, step) => step(weighed, situation), cast);
  return { ...known, weight: known.weight ** ruleExponent * outlookFactor(cast.move, situation) };
}

/** Worth of a move for its cost, against the best of the menu. While nodes are left, what is uncertain is worth a look; with the last ones only what is expected counts. */
function outlookFactor(move: MoveId, { outlookOf, phase, context }: Situation): number {
  const outlook = outlookOf(move);
  if (outlook === null) return 1;
  const optimism = phase === "refine" ? 0.1 : 1;
  const worthOf = ({ expectedGain, standardDeviation, feasible, costMs }: MoveOutlook): number => (feasible * Math.max(0, expectedGain + optimism * standardDeviation)) / Math.max(1, costMs) ** costExponent;
  const best = Math.max(...context.outlook.map(worthOf));
  const share = best > 0 ? worthOf(outlook) / best : 1;
  return (leastWorth + share) ** outlookExponent * (outlook.costMs > context.budget.remainingMs ? unaffordable : 1);
}

const needMemory: ReadonlySet<MoveId> = new Set(["rank", "targets-all", "batch-size", "few-shot", "similar-shots", "coverage-shots"]);
const spareMemory: ReadonlySet<MoveId> = new Set(["reallocate-rank", "targets-attention", "targets-mlp", "drop-long", "train-longer", "instruction"]);

function byMemory(cast: Vote, { memoryTight }: Situation): Vote {
  if (!memoryTight) return cast;
  return { ...cast, weight: cast.weight * (needMemory.has(cast.move) ? 0.35 : spareMemory.has(cast.move) ? 1.2 : 1) };
}

/** Cards are named where they speak for a move; their size is in the outlook already. A hint that names this move lifts it. */
function byKnowledge(cast: Vote, { cardsFor, hintsFor }: Situation): Vote {
  const hints = hintsFor(cast.move);
  return { ...cast, weight: hints.length > 0 ? cast.weight * hintFactor + 1 : cast.weight, evidence: [...new Set([...cast.evidence, ...hints, ...cardsFor(cast.move)])] };
}

/** Two results within noise on an axis, one axis holding most of the nodes, or a third move in a row on it: look elsewhere. */
function byHistory(cast: Vote, { context, seen, phase }: Situation): Vote {
  // "tune" changes every number at once: another draw of it is a new experiment, not the same one.
  if (cast.move === "tune") return cast;
  const { axis } = moves[cast.move];
  const onAxis = seen.filter((node) => node.axis === axis && node.move !== null);
  const fruitless = onAxis.filter((node) => node.verdict === "within-noise" || node.verdict === "worse" || node.verdict === "idea-wrong");
  const sameMove = context.siblings.filter((node) => node.move === cast.move && node.verdict !== "gain" && node.status !== "running");
  const nodes = Object.values(context.axisCounts).reduce((sum, count) => sum + count, 0);
  const count = context.axisCounts[axis] ?? 0;
  const lastThree = context.path.slice(-3);
  let { weight, evidence } = cast;
  if (fruitless.length >= 2 && !onAxis.some((node) => node.verdict === "gain")) {
    weight *= 0.25;
    evidence = [...new Set([...evidence, ...fruitless.slice(-3).map((node) => node.id)])];
  }
  if (nodes >= 4 && count > nodes / 2) weight *= 0.5;
  if (lastThree.length === 3 && lastThree.every((node) => node.axis === axis)) weight *= 0.5;
  if (sameMove.length > 0) weight *= 0.4 ** sameMove.length;
  // With room for several more nodes an untouched axis is worth a look; with one or two it is not.
  if (count === 0 && phase === "explore") weight *= 1.3;
  return { ...cast, weight, evidence };
}
