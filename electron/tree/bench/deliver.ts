import type { Recipe } from "../../contract/index.js";
import { mean, standardError } from "../../stats/index.js";
import { chooseWinner, finalistsByScore, type FinalistCandidate } from "../policy/index.js";
import { judgeNode } from "../policy/promotion.js";
import type { Observation, Policy } from "../rivals/policy.js";
import type { Problem, TrainedModel } from "../simulator/index.js";
import { policyState, promptedBase } from "../rivals/policy-state.js";
import { lineageOf } from "./run-policy.js";

/** What a run would hand over at some moment. */
export interface Delivered {
  readonly share: number;
  readonly nodeId: string | null;
  readonly recipe: Recipe | null;
  /** Rate on the vault of the very model that is handed over; of the bare model where there is nothing yet. */
  readonly vaultRate: number;
}

export const mostFinalists = 3;
/** The gate's questions answered as before: fewer, and the model is not handed over. */
const leastKept = 0.9;
/** Prompts make answers dearer, and times vary. */
const safety = 1.5;

/** Kept back for the end of every run: finalists and the prompted base on dev-select, finalists on the regression gate. */
export function endMs(problem: Problem): number {
  const itemMs = 1000 * problem.constants.itemSeconds;
  return safety * itemMs * ((mostFinalists + 1) * problem.items.devSelect + mostFinalists * problem.items.regression);
}

/**
 * The same end for every policy: three finalists by what dev-search showed (each policy ranks its own), scored on rows the
 * search never saw, kept if they pass the regression gate, and the winner handed over when it beats the prompted base
 * there by one standard error of the paired difference. Else the prompted base.
 */
export function deliver(problem: Problem, observations: readonly Observation[], share: number, policy: Pick<Policy, "finalists"> = {}): Delivered {
  const full = observations.filter((each) => each.status === "done" && each.fraction === 1);
  const base = promptedBase(full);
  const modelOf = (observation: Observation): TrainedModel | null => {
    const model = problem.train(lineageOf(observation.recipe, observations), 1);
    return model.ok ? model : null;
  };
  const baseModel = base === null ? null : modelOf(base);
  if (base === null || baseModel === null) return { share, nodeId: null, recipe: null, vaultRate: problem.constants.baseScore };
  const baseScores = problem.scores(baseModel, "dev-select", problem.items.devSelect);
  const state = policyState(problem.facts, observations, { remainingMs: 0, nodeMs: 1, nodesLeft: 0 });
  const byId = new Map(full.map((each) => [each.id, each]));
  const scored: (FinalistCandidate & { model: TrainedModel })[] = [];
  for (const finalist of policy.finalists?.(state, mostFinalists) ?? finalistsByScore(state, mostFinalists)) {
    const observation = byId.get(finalist.nodeId);
    const model = observation === undefined ? null : modelOf(observation);
    if (model === null || problem.regressionScore(model) < leastKept) continue;
    const scores = problem.scores(model, "dev-select", problem.items.devSelect);
    const beats = observation === base || judgeNode({ base: baseScores, candidate: scores, gainSigmas: 1 }) === "gain";
    if (beats) scored.push({ ...finalist, score: mean(scores), standardError: standardError(scores), model });
  }
  const winner = chooseWinner(scored);
  const model = scored.find((each) => each.nodeId === winner?.nodeId)?.model ?? baseModel;
  return { share, nodeId: winner?.nodeId ?? base.id, recipe: model.recipe, vaultRate: model.vaultRate };
}
