import { mean, normalQuantile, pairedGain, standardError } from "../../stats/index.js";
import { expectedPositivePart } from "../model/acquisition.js";
import { assumedRungLink } from "../model/observations.js";
import type { Prediction } from "../model/surrogate.js";
import { searchModel, type SearchModel } from "./search-model.js";
import type { PolicyNode, PolicyState, RungDecision, RungQuestion } from "./state.js";

/** Share of the items a pilot is scored on, where none was run yet. */
const pilotItemShare = 0.4;
/** A node goes on from its pilot while it keeps this share of the improvement for its price that it promised before. */
const keptShare = 0.5;
/** A pilot has to make the search cheaper by this much before it is run. */
const leastSaving = 1.05;
/** So many pilots are run to learn their correlation, while more than so many nodes can be paid for and one wastes no more than a quarter of its node. */
const pilotsToLearn = 5;
const roomToLearn = 14;
const savingToLearn = 0.75;
/** Pilots of other lengths compare badly: error on the latent scale for each doubling of the epochs between them. */
const errorPerDoubling = 0.08;
/** Earlier pilots a new one is compared with: the best ones, so that one lucky pilot does not stop everything after it. */
const mostReferences = 4;
const pilotResamples = 2000;

/**
 * Pilot or not, and after a pilot: on to the full training, or stop.
 *
 * Both are one calculation. What the recipe is expected to bring over the best node is known with a spread; a pilot would
 * narrow it as far as pilots foretell full scores in this run (the measured rank correlation, shrunk: where it is
 * low, pilots say little, so they are skipped, and those that were run stop nothing). A pilot is run when that makes the
 * expected improvement for the machine's time larger, and a node is stopped when its pilot, compared item by item with
 * earlier ones (ASHA's rungs, arXiv 1810.05934, with paired tests in place of ranks), leaves too little of it.
 */
export function decideRung(state: PolicyState, question: RungQuestion): RungDecision {
  const { recipe, pilot } = question;
  if (recipe.training === null) return { next: "full", gain: null, reason: "Nothing is trained, so there is no pilot." };
  const model = searchModel(state);
  const prior = priorOf(model, recipe);
  if (prior === null) return { next: "full", gain: null, reason: "There is no score to compare with yet." };
  return pilot === null ? before(state, model, question, prior) : after(state, model, question, prior, pilot);
}

/** The recipe beside the incumbent, on the latent scale. */
interface PriorBelief {
  readonly prediction: Prediction;
  readonly mean: number;
  readonly variance: number;
}

function priorOf(model: SearchModel, recipe: RungQuestion["recipe"]): PriorBelief | null {
  const best = model.incumbent?.prediction;
  if (best === undefined) return null;
  const prediction = model.predict(recipe);
  return { prediction, mean: prediction.mean - best.mean, variance: Math.max(1e-9, prediction.variance + best.variance - 2 * model.surrogate.covariance(prediction, best)) };
}

/** Spread of what a pilot says of the full score: its items, paired, and what short trainings get wrong. */
function pilotVariance(model: SearchModel, extra: number): number {
  const { deviation } = model.rungs ?? assumedRungLink;
  return model.surrogate.noiseVariance(model.noise) / pilotItemShare + deviation ** 2 + extra ** 2;
}

function before(state: PolicyState, model: SearchModel, question: RungQuestion, prior: PriorBelief): RungDecision {
  const pilots = state.nodes.filter((node) => node.pilot !== null).length;
  const full = model.costs.costOf(question.recipe);
  const short = model.costs.pilotOf(question.recipe);
  const promised = expectedPositivePart(prior.mean, Math.sqrt(prior.variance));
  // Spread of the posterior mean over what the pilot may show, and what is left after it.
  const variance = pilotVariance(model, 0);
  const shown = prior.variance / Math.sqrt(prior.variance + variance);
  const left = Math.sqrt(Math.max(0, prior.variance - shown * shown));
  let kept = 0;
  let goes = 0;
  for (const z of normalNodes) {
    const improvement = expectedPositivePart(prior.mean + shown * z, left);
    if (improvement < keptShare * promised) continue;
    kept += improvement / normalNodes.length;
    goes += 1 / normalNodes.length;
  }
  const saving = (kept / (short + goes * full)) / Math.max(1e-12, promised / full);
  const chance = `${Math.round(100 * (1 - goes))} %`;
  // What a pilot is worth is itself not known before a few were run: where there is room for them, they are.
  if (pilots < pilotsToLearn && state.budget.nodesLeft > roomToLearn && saving >= savingToLearn && saving < leastSaving) {
    return { next: "pilot", gain: null, reason: `Pilots are run on the first nodes to learn how well they foretell full scores here (${pilots} of ${pilotsToLearn} so far).` };
  }
  return saving >= leastSaving
    ? { next: "pilot", gain: null, reason: `A pilot would stop this with a probability of ${chance}, which pays for it.` }
    : { next: "full", gain: null, reason: `A pilot would stop this with a probability of ${chance}, too seldom to pay for it${model.rungs === null ? "" : ` (pilots foretell full scores with a correlation of ${model.rungs.correlation.toFixed(2)})`}.` };
}

function after(state: PolicyState, model: SearchModel, question: RungQuestion, prior: PriorBelief, pilot: NonNullable<RungQuestion["pilot"]>): RungDecision {
  const byId = new Map(state.nodes.map((node) => [node.id, node]));
  const references = pilot.incumbents.flatMap(({ nodeId, scores }) => {
    const node = byId.get(nodeId);
    const prediction = model.ofNode(nodeId);
    return node === undefined || prediction === null || scores.length === 0 || scores.length !== pilot.candidate.length ? [] : [{ node, prediction, scores }];
  }).sort((left, right) => right.prediction.mean - left.prediction.mean).slice(0, mostReferences);
  const [best] = references;
  if (best === undefined) return { next: "full", gain: null, reason: "There is no pilot to compare with." };

  const level = mean(pilot.candidate);
  const compared = references.map(({ node, prediction, scores }) => {
    const differences = pilot.candidate.map((score, index) => score - (scores[index] ?? 0));
    const error = model.scale.errorAt(level, Math.max(standardError(differences), 1e-6));
    return { said: prediction.mean + model.scale.errorAt(level, mean(differences)), error: error ** 2 / 2 + ownError(model, question, node) ** 2, reference: prediction.variance };
  });
  const said = mean(compared.map((each) => each.said));
  const own = mean(compared.map((each) => each.error));
  const variance = own + mean(compared.map((each) => each.error + each.reference)) / compared.length;
  const weight = prior.prediction.variance / (prior.prediction.variance + variance);
  const shift = weight * (said - prior.prediction.mean);
  const left = Math.sqrt(Math.max(1e-9, prior.variance - weight * prior.prediction.variance));
  const promised = expectedPositivePart(prior.mean, Math.sqrt(prior.variance));
  const improvement = expectedPositivePart(prior.mean + shift, left);
  const gain = pairedGain(best.scores, pilot.candidate, question.seed, pilotResamples);
  const [low, high] = gain.ci;
  const interval = `${gain.score.toFixed(3)} against ${best.node.id} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}, ${gain.n} items)`;
  const share = promised > 0 ? improvement / promised : 1;
  return share < keptShare
    ? { next: "stop", gain, reason: `The pilot leaves ${Math.round(100 * share)} % of the improvement that was expected: ${interval}.` }
    : { next: "full", gain, reason: `The pilot leaves enough of the improvement that was expected: ${interval}.` };
}

/** What one pilot gets wrong beside another: half of it is this one's. */
function ownError(model: SearchModel, question: RungQuestion, reference: PolicyNode): number {
  const { deviation } = model.rungs ?? assumedRungLink;
  const lengths = [question.recipe.training?.epochs, reference.recipe.training?.epochs];
  const doublings = lengths[0] === undefined || lengths[1] === undefined ? 0 : Math.abs(Math.log2(lengths[0] / lengths[1]));
  return Math.hypot(deviation, errorPerDoubling * doublings);
}

/** Standard normal quantiles at the middles of 24 equal parts: enough for an expectation of a kinked function. */
const normalNodes = Array.from({ length: 24 }, (_, index) => normalQuantile((index + 0.5) / 24));
