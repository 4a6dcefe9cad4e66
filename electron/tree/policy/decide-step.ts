import { moves, numericFields, type MoveId, type NumericField, type Plan, type Proposal } from "../../contract/index.js";
import { applyMove } from "../recipes/apply-move.js";
import { boundsOfMove, numbersOfMove } from "../recipes/moves.js";
import { bestRecipe, moveFactsOf, type BestRecipe } from "./best-recipe.js";
import { sampleCandidate } from "./sample.js";
import { outcomeOf, searchModel, type SearchModel } from "./search-model.js";
import { isExperiment } from "./search-node.js";
import type { PolicyState, Preparation, StepDecision } from "./state.js";

/** A language model does best with a say in about a third of the nodes (Centaur, arXiv 2603.24647). */
const mostOverrideShare = 0.3;
/** A choice that promises less than this share of the best one goes against the optimiser. */
const againstBelow = 0.4;
/** The optimiser's own choice always stands among the candidates, with this probability before weighing. */
const hostShare = 0.25;
/** How sharply worth decides: a candidate of half the best one's worth keeps a sixteenth of its probability. */
const sharpness = 2;
const effort = 16;

/**
 * Second half of a step. The planner's candidates and the optimiser's own are weighed by what the model expects of them for
 * their cost, and the host draws. Numbers come from the optimiser; a language model may set one, or go against the
 * optimiser, in three of ten nodes. Null when nothing on the menu leads anywhere new.
 */
export function decideStep(state: PolicyState, preparation: Preparation, proposal: Proposal, random: () => number): StepDecision | null {
  const model = searchModel(state);
  const { parent } = preparation;
  const said: string[] = [];
  const best = (menu: readonly MoveId[]): BestRecipe[] => menu.flatMap((move) => bestRecipe(model, state, parent, move, effort, random) ?? []);
  let found = best(preparation.menu);
  if (found.length === 0) {
    said.push("Nothing that the quotas leave leads anywhere new, so the whole menu counts.");
    found = best(preparation.open);
  }
  const leader = found.reduce<BestRecipe | null>((top, each) => (top === null || each.outcome.worth > top.outcome.worth ? each : top), null);
  if (leader === null) return null;

  const byModel = proposal.decidedBy === "language-model";
  const mayOverride = !byModel || overridesSoFar(state) < mostOverrideShare * (state.nodes.filter(isExperiment).length + 1);
  const worthOf = (move: MoveId): number => Math.max(0, found.find((each) => each.move === move)?.outcome.worth ?? 0) / Math.max(1e-12, leader.outcome.worth);
  const weighed = weigh(proposal, found, leader.move, worthOf, byModel && !mayOverride, said);
  const drawn = sampleCandidate(weighed.map(({ move, host }) => ({ move, probability: host, hypothesis: "" })), random).move;
  const chosen = found.find((each) => each.move === drawn) ?? leader;
  const planned = proposal.candidates.find((candidate) => candidate.move === chosen.move);
  said.push(`Drawn: ${title(chosen.move)}, with probability ${percent(weighed.find(({ move }) => move === chosen.move)?.host ?? 1)}${chosen.move === leader.move ? "; the model expects most of it, too" : `; the model expects most of ${title(leader.move)}`}.`);

  const filled = withOverrides(model, state, preparation, proposal, chosen, planned !== undefined && mayOverride, said);
  const { outcome } = filled;
  said.push(expectation(model, filled));
  return {
    move: chosen.move, axis: moves[chosen.move].axis, recipe: filled.recipe, numbers: filled.origin,
    hypothesis: planned === undefined || planned.hypothesis === "" ? hypothesisOf(model, chosen) : planned.hypothesis,
    byPlanner: planned !== undefined,
    candidates: weighed.map(({ move, planner, host }) => {
      const entry = preparation.outlook.find((each) => each.move === move);
      return { move, planner, host, expectedGain: entry?.expectedGain ?? null, standardDeviation: entry?.standardDeviation ?? null, feasible: entry?.feasible ?? null };
    }),
    host: outcome.feasible < 0.7 ? [...said, riskSentence(model, filled)] : said,
    overridden: byModel && planned !== undefined && (filled.overridden || worthOf(chosen.move) < againstBelow),
  };
}

interface Weighed {
  readonly move: MoveId;
  readonly planner: number;
  readonly host: number;
}

/** Planner's probabilities times worth; moves it may not choose, or that lead nowhere new, are told and left out. */
function weigh(proposal: Proposal, found: readonly BestRecipe[], leader: MoveId, worthOf: (move: MoveId) => number, bound: boolean, said: string[]): Weighed[] {
  const total = proposal.candidates.reduce((sum, { probability }) => sum + (probability > 0 ? probability : 0), 0);
  const planned = proposal.candidates.map(({ move, probability }) => ({ move, planner: total > 0 ? Math.max(0, probability) / total : 1 / proposal.candidates.length }));
  const kept = planned.filter(({ move }) => {
    if (!found.some((each) => each.move === move)) said.push(`${title(move)} leads to nothing new from here, or rests by its axis's quota.`);
    else if (bound && worthOf(move) < againstBelow) said.push(`${title(move)} goes against the optimiser, and the planner has had its three in ten.`);
    else return true;
    return false;
  });
  const all = kept.some(({ move }) => move === leader) ? kept : [...kept, { move: leader, planner: 0 }];
  const raw = all.map(({ move, planner }) => ({ move, planner, host: ((1 - hostShare) * planner + (move === leader ? hostShare : 0)) * worthOf(move) ** sharpness }));
  const sum = raw.reduce((added, { host }) => added + host, 0);
  return raw.map((each) => ({ ...each, host: sum > 0 ? each.host / sum : each.move === leader ? 1 : 0 }));
}

type Filled = BestRecipe & { readonly origin: Plan["numbers"]; readonly overridden: boolean };

/** The planner's numbers in place of the optimiser's where they are allowed, inside bounds, new, and likely to train. */
function withOverrides(model: SearchModel, state: PolicyState, { parent }: Preparation, proposal: Proposal, chosen: BestRecipe, allowed: boolean, said: string[]): Filled {
  const byModel = proposal.decidedBy === "language-model";
  const wanted = insideBounds(chosen.move, proposal.numbers, (field) => boundsOfMove(chosen.move, field, parent.recipe, state.facts.constraints.mostRank));
  const origin = (numbers: BestRecipe["numbers"], own: readonly string[]): Plan["numbers"] =>
    Object.fromEntries(Object.entries(numbers).map(([field, value]) => [field, { value, by: own.includes(field) ? (byModel ? "language-model" as const : "default" as const) : "optimiser" as const }]));
  const plain = { ...chosen, origin: origin(chosen.numbers, []), overridden: false };
  if (Object.keys(wanted).length === 0) return plain;
  const refuse = (why: string): Filled => {
    said.push(`The planner's numbers were not taken: ${why}.`);
    return plain;
  };
  if (!allowed) return refuse(byModel ? "it has had its three in ten nodes" : "another move was drawn");
  const numbers = { ...chosen.numbers, ...wanted };
  const recipe = applyMove(parent.recipe, chosen.move, numbers, moveFactsOf(state, parent));
  if (!model.isNovel(recipe)) return refuse("they repeat a node");
  const outcome = outcomeOf(model, state, recipe, chosen.move, parent);
  if (outcome.feasible < 0.5 * chosen.outcome.feasible) return refuse(`only ${percent(outcome.feasible)} likely to train to the end`);
  said.push(`${Object.keys(wanted).join(", ")} set by the planner.`);
  return { ...chosen, numbers, recipe, outcome, origin: origin(numbers, Object.keys(wanted)), overridden: byModel };
}

function insideBounds(move: MoveId, numbers: Proposal["numbers"], bounds: (field: NumericField) => { minimum: number; maximum: number }): Partial<Record<NumericField, number>> {
  const kept: Partial<Record<NumericField, number>> = {};
  for (const field of numbersOfMove(move)) {
    const value = numbers[field];
    const { minimum, maximum } = bounds(field);
    if (value !== undefined && value >= minimum && value <= maximum) kept[field] = numericFields[field].integer ? Math.round(value) : value;
  }
  return kept;
}

const overridesSoFar = (state: PolicyState): number => state.nodes.filter((node) => node.overridden === true).length;

const title = (move: MoveId): string => `"${moves[move].title}"`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Against the best node so far, in the metric's unit. */
function gainOf(model: SearchModel, { outcome }: BestRecipe): { readonly gain: number; readonly deviation: number } {
  const from = outcome.prediction.mean - outcome.mean;
  return { gain: model.scale.toScore(outcome.prediction.mean) - model.scale.toScore(from), deviation: (model.scale.toScore(from + outcome.deviation) - model.scale.toScore(from - outcome.deviation)) / 2 };
}

function expectation(model: SearchModel, chosen: BestRecipe): string {
  const { gain, deviation } = gainOf(model, chosen);
  const numbers = Object.entries(chosen.numbers).map(([field, value]) => `${field} ${Number(value.toPrecision(3))}`).join(", ");
  return `Against the best node so far ${gain >= 0 ? "+" : ""}${gain.toFixed(3)} is expected, give or take ${deviation.toFixed(3)}, for about ${Math.round(chosen.outcome.costMs / 1000)} s${numbers === "" ? "" : `, with ${numbers}`}.`;
}

function hypothesisOf(model: SearchModel, chosen: BestRecipe): string {
  const { gain } = gainOf(model, chosen);
  return `${moves[chosen.move].title}: the score changes by about ${gain.toFixed(3)} against the best node so far.`;
}

function riskSentence(model: SearchModel, chosen: BestRecipe): string {
  const { failure } = model.feasibility.riskOf(chosen.recipe);
  const why = failure === "OOM" ? "it may not fit the memory" : failure === "DIVERGED" ? "it may diverge" : failure === "TIMEOUT" ? "it may run out of time" : "changes like it failed before";
  return `It trains to the end with a probability of ${percent(chosen.outcome.feasible)}: ${why}.`;
}
