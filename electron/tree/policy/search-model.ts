import type { MoveId, Recipe } from "../../contract/index.js";
import { expectedImprovement } from "../model/acquisition.js";
import { fitCost, type CostModel } from "../model/cost-model.js";
import { effectPriors, type EffectPriors } from "../model/effect-priors.js";
import { fitFeasibility, type FeasibilityModel } from "../model/feasibility.js";
import { latentScale, type LatentScale } from "../model/latent-scale.js";
import { observationsOf, rungLink, type RungLink } from "../model/observations.js";
import { featuresOf } from "../model/recipe-features.js";
import { fitSurrogate, type Prediction, type Surrogate } from "../model/surrogate.js";
import { noveltyAgainst } from "../recipes/novelty.js";
import { defaultTraining } from "../recipes/initial-recipe.js";
import { rungCorrelation } from "./rung-correlation.js";
import type { PolicyNode, PolicyState } from "./state.js";

/** What the host believes of the run: everything a decision is weighed by. */
export interface SearchModel {
  readonly scale: LatentScale;
  readonly surrogate: Surrogate;
  readonly feasibility: FeasibilityModel;
  readonly costs: CostModel;
  readonly priors: EffectPriors;
  readonly rungs: RungLink | null;
  /** The best finished node by posterior mean; null while nothing has a score. */
  readonly incumbent: { readonly node: PolicyNode; readonly prediction: Prediction } | null;
  /** Share of the search's budget that is spent, 0..1. */
  readonly spentShare: number;
  /** Standard error of one score near the incumbent, on the latent scale. */
  readonly noise: number;
  predict(recipe: Recipe): Prediction;
  /** Neither run before nor nearly so. */
  isNovel(recipe: Recipe): boolean;
  /** Posterior of a node that has a score, or null. */
  ofNode(nodeId: string): Prediction | null;
  /** Posterior mean of a node in the metric's unit: its score, shrunk. */
  shrunkScore(nodeId: string): number | null;
}

/** What one recipe promises, compared with the incumbent. */
export interface Outcome {
  readonly prediction: Prediction;
  /** Of the difference to the incumbent, on the latent scale. */
  readonly mean: number;
  readonly deviation: number;
  /** Expected improvement over the incumbent, on the latent scale, times the probability that it trains. */
  readonly improvement: number;
  readonly feasible: number;
  readonly costMs: number;
  /** Improvement for its cost: what decisions are weighed by. */
  readonly worth: number;
}

const models = new WeakMap<PolicyState, SearchModel>();

/** The model of a state; computed once for each state object. */
export function searchModel(state: PolicyState): SearchModel {
  const known = models.get(state);
  if (known !== undefined) return known;
  const model = buildModel(state);
  models.set(state, model);
  return model;
}

function buildModel(state: PolicyState): SearchModel {
  const { nodes, facts, budget } = state;
  const scale = latentScale(state);
  const rungs = rungLink(nodes, scale, rungCorrelation(nodes));
  const observations = observationsOf(nodes.filter((node) => node.kind !== "seed-repeat"), scale, state.noise, rungs, facts.formatRules);
  const best = Math.max(state.baselineScore, ...nodes.flatMap((node) => (node.status === "done" && node.reward !== null ? [node.reward] : [])));
  const priors = effectPriors(state.priors, latentPerShare(scale, state, best));
  const surrogate = fitSurrogate(observations, priors);
  const recipes = new Map(nodes.map((node) => [node.id, node.recipe]));
  const predict = (recipe: Recipe): Prediction => surrogate.predict(featuresOf(recipe, (id) => recipes.get(id), facts.formatRules));
  const predictions = new Map(observations.map((each) => [each.nodeId, surrogate.predict(each.features)]));
  const deliverable = nodes.filter((node) => node.status === "done" && predictions.has(node.id) && mayBeDelivered(node, state));
  const incumbent = deliverable.reduce<SearchModel["incumbent"]>((top, node) => {
    const prediction = predictions.get(node.id);
    return prediction === undefined || (top !== null && prediction.mean <= top.prediction.mean) ? top : { node, prediction };
  }, null);
  const spentMs = nodes.reduce((sum, node) => sum + node.costMs, 0);
  const leftMs = Math.max(0, budget.nodesLeft) * budget.nodeMs;
  const atBest = incumbent === null ? best : scale.toScore(incumbent.prediction.mean);
  return {
    scale, surrogate, priors, rungs, incumbent, predict,
    isNovel: noveltyAgainst(nodes.map((node) => node.recipe)),
    feasibility: fitFeasibility(nodes.filter((node) => node.status === "done" || node.status === "failed").map(({ recipe, failure }) => ({ recipe, failure })), defaultTraining(facts)),
    costs: fitCost(nodes, facts, budget.nodeMs),
    spentShare: spentMs + leftMs > 0 ? spentMs / (spentMs + leftMs) : 0,
    noise: scale.errorAt(atBest, state.noise),
    ofNode: (id) => predictions.get(id) ?? null,
    shrunkScore: (id) => {
      const prediction = predictions.get(id);
      return prediction === undefined ? null : scale.toScore(prediction.mean);
    },
  };
}

export const mayBeDelivered = (node: Pick<PolicyNode, "recipe" | "kind">, { facts }: PolicyState): boolean => {
  const trained = node.recipe.training !== null;
  return node.kind !== "seed-repeat" && (facts.constraints.deliver === "anything" || (facts.constraints.deliver === "adapter") === trained);
};

/** Cost counts less than in proportion: a dear node also teaches what no cheap one can. */
const costExponent = 0.85;

export function outcomeOf(model: SearchModel, state: PolicyState, recipe: Recipe, move: MoveId, parent: PolicyNode): Outcome {
  const prediction = model.predict(recipe);
  const feasible = model.feasibility.probabilityOf(recipe) * soundness(state, move);
  const costMs = model.costs.costOf(recipe);
  const best = model.incumbent?.prediction ?? null;
  const shared = best === null ? 0 : model.surrogate.covariance(prediction, best);
  const mean = prediction.mean + model.priors.gainOf(move, parent.conditions) / (1 + triesOf(state, move)) - (best?.mean ?? prediction.mean);
  const variance = Math.max(0, prediction.variance + (best === null ? 0 : best.variance - 2 * shared));
  const improvement = feasible * expectedImprovement({
    mean, variance, ownVariance: prediction.variance, covarianceWithOwn: prediction.variance - shared,
    noiseVariance: model.surrogate.noiseVariance(model.noise), refinement: model.spentShare,
  });
  return { prediction, mean, deviation: Math.sqrt(variance), improvement, feasible, costMs, worth: improvement / (costMs / Math.max(1, state.budget.nodeMs)) ** costExponent };
}

export const triesOf = (state: PolicyState, move: MoveId): number => state.nodes.filter((node) => node.move === move).length;

/** Failures that no number explains (CONFIG, DATA …) speak against the move itself: a Beta(6, 0.3) that learns. */
function soundness(state: PolicyState, move: MoveId): number {
  const ends = state.nodes.filter((node) => node.move === move && (node.status === "done" || node.status === "pruned" || node.status === "failed"));
  const broken = ends.filter((node) => node.failure === "CONFIG" || node.failure === "DATA" || node.failure === "INTERNAL").length;
  return (6 + ends.length - broken) / (6.3 + ends.length);
}

/** What the whole way from the base to a perfect score is worth on the latent scale where the run is now. */
function latentPerShare(scale: LatentScale, state: PolicyState, best: number): number {
  if (state.reference === null) return 1;
  const way = state.reference - state.baselineScore;
  const step = 0.02 * way;
  const from = Math.min(best, state.reference - 3 * step);
  return step > 0 ? (scale.toLatent(from + step) - scale.toLatent(from)) / 0.02 : 1;
}
