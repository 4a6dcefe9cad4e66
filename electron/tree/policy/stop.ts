import { normalCdf } from "../../stats/index.js";
import { lookAt } from "./look.js";
import { searchModel, type SearchModel } from "./search-model.js";
import { isExperiment, isFinished } from "./search-node.js";
import type { PolicyState, StopDecision } from "./state.js";

export interface StopOptions {
  /** A score that is good enough, or null. */
  readonly target: number | null;
  /** Experiments that run in any case while the budget lasts. */
  readonly minimumNodes: number;
  /** So many nodes are looked ahead, and so many are finished before the search may end for lack of prospects. */
  readonly patience: number;
}

/** Nodes whose menus are looked at: the best ones. What grows from the others leads to much the same recipes. */
const mostParents = 2;

/**
 * Ends the search when the budget does not pay for another node, when the target is reached, or when what the next nodes
 * together are expected to add to the best one is under one standard error of the best one's own score, as the model knows it
 * (reliability.md 5): then it is not worth finding. The standard error of a single score would end nearly every search at
 * once: no node alone is expected to bring so much, and in simulation that gave away one to two points of accuracy.
 */
export function shouldStop(state: PolicyState, options: StopOptions): StopDecision {
  const go = (reason: string): StopDecision => ({ stop: false, reason });
  if (state.budget.nodesLeft <= 0) return { stop: true, reason: "The budget does not pay for another node." };
  const experiments = state.nodes.filter((node) => isFinished(node) && isExperiment(node));
  if (experiments.length < Math.max(1, options.minimumNodes)) return go(`${experiments.length} of at least ${options.minimumNodes} experiments are done.`);
  const model = searchModel(state);
  const { incumbent } = model;
  if (incumbent === null) return go("No experiment has a score yet.");
  const best = model.scale.toScore(incumbent.prediction.mean);
  if (options.target !== null && best >= options.target) return { stop: true, reason: `The target of ${options.target} is reached: ${incumbent.node.id} is at ${best.toFixed(3)}, luck taken off.` };
  if (state.reference !== null && (incumbent.node.reward ?? 0) >= state.reference) return { stop: true, reason: "The best possible score is reached." };
  if (experiments.length < options.patience) return go(`${experiments.length} experiments are too few to call the rest hopeless.`);

  const ahead = Math.max(1, Math.min(options.patience, state.budget.nodesLeft));
  const inScore = (latent: number): number => model.scale.toScore(incumbent.prediction.mean + latent) - best;
  const expected = inScore(expectedBest(prospects(state, model), ahead));
  const own = Math.sqrt(incumbent.prediction.variance);
  const standardError = (inScore(own) - inScore(-own)) / 2;
  const said = `The next ${ahead === 1 ? "node is" : `${ahead} nodes together are`} expected to bring ${expected.toFixed(3)} more`;
  return expected < standardError ? { stop: true, reason: `${said}, under one standard error of the best one's score (${standardError.toFixed(3)}).` } : go(`${said}; one standard error of the best one's score is ${standardError.toFixed(3)}.`);
}

interface Prospect {
  readonly mean: number;
  readonly deviation: number;
  readonly feasible: number;
}

/** What the moves from the best nodes may bring over the best one, the most promising first. */
function prospects(state: PolicyState, model: SearchModel): Prospect[] {
  const parents = state.nodes.filter((node) => node.status === "done" && !node.cutOff && model.ofNode(node.id) !== null)
    .sort((left, right) => (model.shrunkScore(right.id) ?? 0) - (model.shrunkScore(left.id) ?? 0)).slice(0, mostParents);
  return parents.flatMap((parent) => lookAt(model, state, parent).best).sort((left, right) => right.outcome.improvement - left.outcome.improvement).map(({ outcome }) => outcome);
}

/**
 * Expected maximum of the first `count` prospects and nothing, as if they were independent: the integral over t > 0 of one
 * minus the product of their distribution functions. They are not quite, which makes this too high rather than too low.
 */
export function expectedBest(ranked: readonly Prospect[], count: number): number {
  const considered = ranked.slice(0, count);
  const highest = Math.max(0, ...considered.map(({ mean, deviation }) => mean + 5 * deviation));
  const steps = 200;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const t = ((step + 0.5) * highest) / steps;
    const below = considered.reduce((product, { mean, deviation, feasible }) => product * (1 - feasible * (1 - (deviation > 0 ? normalCdf((t - mean) / deviation) : mean > t ? 0 : 1))), 1);
    sum += 1 - below;
  }
  return (sum * highest) / steps;
}
