import { moves, type Axis, type Candidate, type MoveId, type PlannerContext, type Prediction, type Proposal } from "../../contract/index.js";
import { knownEvidence } from "../proposal/evidence.js";
import { hypothesisText } from "../proposal/hypothesis-text.js";
import { followTheFailures, followTheFormat, mendTheData } from "./data-rules.js";
import { usePrompts } from "./prompt-rules.js";
import { assess, type Situation } from "./situation.js";
import { buildOnGains, followTheLossCurve, learningRateFirst, learnMore, placeTheRank, steadyMoves } from "./training-rules.js";
import { vote, type Vote } from "./vote.js";
import { weigh } from "./weigh.js";

type Rule = (situation: Situation) => readonly Vote[];
const rules: readonly Rule[] = [learningRateFirst, followTheLossCurve, learnMore, placeTheRank, mendTheData, followTheFailures, followTheFormat, usePrompts, buildOnGains, steadyMoves];

const mostCandidates = 3;
const mostOnOneAxis = 2;
/** A gain counts from two standard errors up (contract: task.gainSigmas). */
const gainSigmas = 2;
const mostEvidence = 8;

/**
 * What an engineer would try next, by rule and without a model: the control every language model must beat, and what stands
 * behind it when it fails. Pure: the same context gives the same proposal. It leaves every number to the optimiser.
 */
export function houseProposal(context: PlannerContext): Proposal {
  const situation = assess(context);
  const chosen = choose(rankMoves(situation));
  const [first] = chosen;
  if (first === undefined) throw new Error("A planner was asked with an empty menu.");
  const total = chosen.reduce((sum, each) => sum + each.weight, 0);
  const known = knownEvidence(context);
  const evidence = [...new Set(chosen.flatMap((each) => each.evidence))].filter((id) => known.has(id)).slice(0, mostEvidence);
  return {
    direction: { axis: moves[first.move].axis, why: first.why },
    candidates: chosen.map((each): Candidate => {
      const prediction = each.prediction ?? scoreRises(situation);
      return { move: each.move, probability: total > 0 ? each.weight / total : 1 / chosen.length, hypothesis: hypothesisText(each.why, prediction, context.parent.id), prediction };
    }),
    numbers: {}, evidence: evidence.length === 0 ? ["rule"] : evidence, prompts: [], promptCharacters: 0,
    decidedBy: "house-planner", fallbackReason: null, spent: { seconds: 0, tokens: 0 },
  };
}

/** Every move of the menu with the strongest rule's vote for it, best first. What the user forbade comes last, whatever the menu says. */
function rankMoves(situation: Situation): Vote[] {
  const { context } = situation;
  const strongest = new Map<MoveId, Vote>(context.menu.map((move) => [move, vote(move, 0.2, `${moves[move].title}: not tried here yet.`)]));
  for (const rule of rules) {
    for (const cast of rule(situation)) {
      const known = strongest.get(cast.move);
      if (known !== undefined && cast.weight > known.weight) strongest.set(cast.move, cast);
    }
  }
  const { forbiddenMoves, deliver } = context.constraints;
  const unwanted = (move: MoveId): boolean => forbiddenMoves.includes(move) || (deliver === "prompt" && moves[move].axis !== "prompt") || (deliver === "prompt" && move === "train-prompted");
  return [...strongest.values()]
    .map((cast) => weigh(cast, situation))
    .map((cast) => (unwanted(cast.move) ? { ...cast, weight: cast.weight * 1e-6 } : cast))
    .sort((left, right) => right.weight - left.weight || context.menu.indexOf(left.move) - context.menu.indexOf(right.move));
}

/** The best three, two of an axis at most while the menu has others. */
function choose(ranked: readonly Vote[]): readonly Vote[] {
  const chosen: Vote[] = [];
  const onAxis = new Map<Axis, number>();
  for (const cast of ranked) {
    const { axis } = moves[cast.move];
    if (chosen.length < mostCandidates && (onAxis.get(axis) ?? 0) < mostOnOneAxis) {
      chosen.push(cast);
      onAxis.set(axis, (onAxis.get(axis) ?? 0) + 1);
    }
  }
  for (const cast of ranked) if (chosen.length < mostCandidates && !chosen.includes(cast)) chosen.push(cast);
  return chosen;
}

const scoreRises = ({ noise }: Situation): Prediction => ({ figure: "score", change: "up", by: Number((gainSigmas * noise).toPrecision(2)) });
