import type { Recipe } from "../../contract/index.js";
import { createRandom, deriveSeed, mean, standardError } from "../../stats/index.js";
import { baselineRecipes, initialRecipe } from "../recipes/initial-recipe.js";
import type { RecipeFacts } from "../recipes/facts.js";
import type { Ask, Observation, Policy, SearchView } from "../rivals/policy.js";
import type { Lineage, Problem } from "../simulator/index.js";
import { deliver, endMs, type Delivered } from "./deliver.js";

export interface PolicyRun {
  readonly policy: string;
  readonly observations: readonly Observation[];
  /** One for each share of the budget: what would have been delivered then. */
  readonly checkpoints: readonly Delivered[];
  readonly spentMs: number;
  /** The machine's time for decisions, part of it. */
  readonly decisionMs: number;
}

/** Shares of the budget at which it is asked what would be delivered. */
export const checkpointShares = Array.from({ length: 12 }, (_, index) => (index + 1) / 12);

/** More decisions than any budget here pays for: a policy that asks for nothing that costs would never end. */
const mostAsks = 5000;

/** One policy on one problem until the budget is spent. The last experiment is cut off when it does not finish in time. */
export async function runPolicy(problem: Problem, policy: Policy, seed: number, shares: readonly number[] = checkpointShares): Promise<PolicyRun> {
  const random = createRandom(deriveSeed(seed, "policy", policy.name));
  const searchMs = Math.max(0, problem.budgetMs - endMs(problem));
  const observations: Observation[] = [];
  let spentMs = 0;
  let decisionMs = 0;

  const run = (ask: Ask, kind: Observation["kind"]): Observation | null => {
    const lineage = lineageOf(ask.recipe, observations);
    const model = problem.train(lineage, ask.fraction);
    const begun = ask.resume === null ? undefined : observations.find((each) => each.id === ask.resume);
    const trained = begun === undefined ? null : problem.train(lineage, begun.fraction);
    const trainMs = Math.max(0, model.trainMs - (model.ok && trained?.ok === true ? trained.trainMs : 0));
    const count = Math.max(1, Math.round(ask.itemShare * problem.items.devSearch));
    const costMs = ask.decisionMs + trainMs + (model.ok ? count * model.itemMs : 0);
    spentMs += costMs;
    decisionMs += ask.decisionMs;
    if (spentMs > searchMs) return null;
    const scores = model.ok ? problem.scores(model, "dev-search", count) : [];
    const observation: Observation = {
      id: `n${observations.length}`, parent: observations.length === 0 ? null : ask.parent, kind, move: ask.move, axis: ask.axis, recipe: ask.recipe, fraction: ask.fraction,
      status: model.ok ? "done" : "failed", failure: model.ok ? null : model.failure, scores,
      score: model.ok ? mean(scores) : null, standardError: model.ok ? standardError(scores) : null, costMs, finishedMs: spentMs,
      loss: model.ok ? model.loss : [], spectra: model.ok && ask.fraction === 1 ? model.spectra : [], conditions: model.ok ? model.conditions : [],
    };
    observations.push(observation);
    policy.tell(observation);
    return observation;
  };

  const plain = { parent: "n0", move: null, fraction: 1, itemShare: 1, resume: null, decisionMs: 0 } as const;
  for (const { recipe } of baselineRecipes(problem.facts)) run({ ...plain, recipe, axis: "baseline" }, "baseline");
  run({ ...plain, recipe: initialRecipe(problem.facts), axis: "optimization" }, "draft");

  for (let asked = 0; asked < mostAsks && spentMs < searchMs; asked += 1) {
    const view: SearchView = { facts: factsNow(problem.facts, observations), observations, remainingMs: searchMs - spentMs, searchMs, items: problem.items.devSearch, random };
    const ask = await policy.ask(view);
    if (ask === null || run(ask, "improve") === null) break;
  }
  let latest: Delivered | null = null;
  let count = -1;
  const checkpoints = shares.map((share) => {
    const finished = observations.filter((each) => each.finishedMs <= share * problem.budgetMs - endMs(problem));
    if (latest === null || finished.length !== count) latest = deliver(problem, finished, share, policy);
    count = finished.length;
    return { ...latest, share };
  });
  return { policy: policy.name, observations, checkpoints, spentMs: Math.min(spentMs, searchMs), decisionMs };
}

/** The best untrained prompt so far may be put into training. */
export function factsNow(facts: RecipeFacts, observations: readonly Observation[]): RecipeFacts {
  const untrained = observations.filter((each) => each.recipe.training === null && each.score !== null);
  const best = untrained.reduce<Observation | null>((top, each) => ((each.score ?? 0) > (top?.score ?? -1) ? each : top), null);
  const plain = best === null || (best.recipe.prompt.system === null && best.recipe.prompt.fewShot === 0);
  return { ...facts, bestPrompt: plain ? null : best.recipe.prompt };
}

/** A recipe with what its adapter goes on from, found among the observations by its id. */
export function lineageOf(recipe: Recipe, observations: readonly Observation[]): Lineage {
  const from = recipe.training?.warmStartFrom ?? null;
  const parent = from === null ? undefined : observations.find((each) => each.id === from && each.status === "done" && each.fraction === 1);
  return { recipe, parent: parent === undefined ? null : lineageOf(parent.recipe, observations) };
}
