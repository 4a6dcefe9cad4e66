import type { PolicyNode, PolicyState } from "../policy/index.js";
import { judgeNode } from "../policy/promotion.js";
import type { RecipeFacts } from "../recipes/facts.js";
import { recipeKey } from "../recipes/recipe-key.js";
import type { Observation } from "./policy.js";

/** Gains count from so many standard errors of the paired difference to the prompted base up: the task's default. */
const gainSigmas = 2;
/** The moves that leave a number open never run out. */
const openMoves = 8;

/** What a real run would tell its policy of these experiments: a pilot belongs to the node whose full training followed. */
export function policyState(facts: RecipeFacts, observations: readonly Observation[], budget: PolicyState["budget"], priors: PolicyState["priors"] = []): PolicyState {
  const base = promptedBase(observations);
  const fulls = new Set(observations.filter((each) => each.fraction === 1).map(ideaOf));
  const pilots = new Map(observations.filter((each) => each.fraction < 1 && each.score !== null).map((each) => [ideaOf(each), each]));
  return {
    nodes: observations.filter((each) => each.fraction === 1 || !fulls.has(ideaOf(each))).map((each) => policyNode(each, pilots.get(ideaOf(each)) ?? null, base)),
    facts, priors, budget,
    baselineScore: base?.score ?? 0,
    reference: 1,
    noise: base?.standardError ?? 0,
  };
}

/** The best of the untrained baselines: what every gain is counted from. */
export function promptedBase(observations: readonly Observation[]): Observation | null {
  return observations.reduce<Observation | null>((best, each) => (each.kind === "baseline" && each.score !== null && (best === null || each.score > (best.score ?? 0)) ? each : best), null);
}

function policyNode(observation: Observation, pilot: Observation | null, base: Observation | null): PolicyNode {
  const { id, parent, kind, axis, move, recipe, failure, spectra, conditions } = observation;
  const failed = observation.status === "failed";
  const stopped = !failed && observation.fraction < 1;
  const full = failed || stopped ? null : observation;
  return {
    id, parent, kind, axis, move, recipe, failure, spectra, conditions,
    status: failed ? "failed" : stopped ? "pruned" : "done",
    verdict: kind === "baseline" ? "baseline" : failed ? "implementation-wrong" : stopped ? "worse" : base === null ? null : judgeNode({ base: base.scores, candidate: observation.scores, gainSigmas }),
    reward: full?.score ?? null,
    standardError: full?.standardError ?? null,
    pilot: pilot?.score == null ? null : { score: pilot.score, standardError: pilot.standardError ?? 0 },
    costMs: observation.costMs + (stopped || pilot === null ? 0 : pilot.costMs),
    hasAdapter: recipe.training !== null && full !== null,
    pinned: false, cutOff: false,
    openMoves: failed || stopped ? 0 : openMoves,
  };
}

const keys = new WeakMap<Observation, string>();
function ideaOf(observation: Observation): string {
  const known = keys.get(observation);
  if (known !== undefined) return known;
  const key = `${observation.parent ?? ""} ${recipeKey(observation.recipe)}`;
  keys.set(observation, key);
  return key;
}
