import { FailureError, type CardCondition, type Clock, type LossPoint, type Recipe } from "../../contract/index.js";
import { createRandom, deriveSeed, mean, standardError } from "../../stats/index.js";
import { baselineRecipes, chooseWinner, factsNow, finalistsByScore, initialRecipe, judgeNode, observedState, promptedBase, type Ask, type FinalistCandidate, type JudgedRun, type Trial, type Policy, type SearchView } from "../../tree/index.js";
import { folderOf, isRecipes, orThrow, type RealProblem } from "./real-problem.js";

/** Shares of the budget at which it is asked what would be delivered. */
const shares = [1 / 3, 2 / 3, 1] as const;
const mostFinalists = 3;
/** Prompts make answers dearer, and times vary. */
const safety = 1.5;

/** What is measured once for a seed and charged to every policy alike: the untrained baselines. */
interface Start {
  readonly observations: readonly Trial[];
  readonly spentMs: number;
  readonly itemMs: number;
}

export interface RealRunOptions {
  readonly problem: RealProblem;
  readonly budgetMs: number;
  readonly clock: Pick<Clock, "now">;
  /** What a loss curve says of a node, as a real run's diagnosis finds it. */
  readonly conditionsOf: (loss: readonly LossPoint[]) => Promise<readonly CardCondition[] | undefined>;
}

/** The untrained baselines, as every run has them. */
export async function measureStart({ problem, clock }: RealRunOptions, signal: AbortSignal): Promise<Start> {
  const observations: Trial[] = [];
  const begun = clock.now();
  const count = problem.sizes["dev-search"] ?? 0;
  for (const { recipe } of baselineRecipes(problem.facts)) {
    const startMs = clock.now();
    const scores = orThrow(await problem.score({ recipe, adapterPath: null, split: "dev-search", count, folder: folderOf("baselines", observations.length) }, signal));
    observations.push(observe({ id: `n${observations.length}`, parent: observations.length === 0 ? null : "n0", kind: "baseline", ask: plainAsk(recipe, "baseline"), scores, costMs: clock.now() - startMs, finishedMs: clock.now() - begun }));
  }
  return { observations, spentMs: clock.now() - begun, itemMs: (clock.now() - begun) / Math.max(1, observations.length * count) };
}

/**
 * One policy on one task with real training, until the budget of wall-clock is spent: the same turns as in the simulator
 * (tree/bench/run-policy.ts), with a trainer, llama.cpp and a clock in the simulator's place.
 */
export async function runReal(options: RealRunOptions, start: Start, policy: Policy, signal: AbortSignal): Promise<JudgedRun> {
  const { problem, clock, budgetMs } = options;
  const observations: Trial[] = [...start.observations];
  const adapters = new Map<string, string>();
  const random = createRandom(deriveSeed(problem.seed, "policy", policy.name));
  const endMs = safety * start.itemMs * (mostFinalists + 1) * (problem.sizes["dev-select"] ?? 0);
  const searchMs = Math.max(0, budgetMs - endMs);
  let spentMs = start.spentMs;
  let agentMs = 0;
  for (const observation of observations) policy.tell(observation);

  const run = async (ask: Ask, kind: Trial["kind"]): Promise<boolean> => {
    const begun = clock.now();
    const folder = folderOf(policy.name, observations.length);
    const trained = await problem.train({
      recipe: ask.recipe, fraction: ask.fraction, warmStart: adapters.get(ask.recipe.training?.warmStartFrom ?? "") ?? null, folder, secondsLimit: Math.max(1, Math.ceil((searchMs - spentMs) / 1000)),
    }, signal);
    const count = Math.max(1, Math.round(ask.itemShare * (problem.sizes["dev-search"] ?? 0)));
    const scored = trained.ok ? await problem.score({ recipe: ask.recipe, adapterPath: trained.value.adapterPath, split: "dev-search", count, folder }, signal) : trained;
    const costMs = clock.now() - begun + ask.decisionMs;
    spentMs += costMs;
    agentMs += ask.decisionMs;
    if (!scored.ok && !isRecipes(scored.error)) throw new FailureError(scored.error);
    // What did not end in time was paid for and brought nothing.
    if (spentMs > searchMs) return false;
    const id = `n${observations.length}`;
    const loss = trained.ok ? trained.value.loss : [];
    const observation = scored.ok && trained.ok
      ? { ...observe({ id, parent: ask.parent, kind, ask, scores: scored.value, costMs, finishedMs: spentMs }), loss, spectra: ask.fraction === 1 ? trained.value.spectra : [], conditions: (await options.conditionsOf(loss)) ?? [] }
      : { ...observe({ id, parent: ask.parent, kind, ask, scores: [], costMs, finishedMs: spentMs }), status: "failed" as const, failure: scored.ok ? null : scored.error.class, score: null, standardError: null };
    if (trained.ok && trained.value.adapterPath !== null && ask.fraction === 1) adapters.set(id, trained.value.adapterPath);
    observations.push(observation);
    policy.tell(observation);
    return true;
  };

  let goesOn = await run(plainAsk(initialRecipe(problem.facts), "optimization"), "draft");
  while (goesOn && spentMs < searchMs && !signal.aborted) {
    const view: SearchView = { facts: factsNow(problem.facts, observations), observations, remainingMs: searchMs - spentMs, searchMs, items: problem.sizes["dev-search"] ?? 0, random };
    const ask = await policy.ask(view);
    goesOn = ask !== null && (await run(ask, "improve"));
  }
  const checkpoints = [];
  for (const share of shares) {
    const seen = observations.filter((each) => each.finishedMs <= share * budgetMs - endMs || each.kind === "baseline");
    checkpoints.push({ share, score: await deliverReal(options, seen, adapters, policy, signal) });
  }
  const experiments = observations.filter((each) => each.kind !== "baseline");
  const failed = (failure: string | null): number => experiments.filter((each) => each.status === "failed" && each.failure === failure).length;
  const failures = { outOfMemory: failed("OOM"), diverged: failed("DIVERGED") };
  return {
    family: "real training", policy: policy.name, seed: problem.seed, checkpoints, final: checkpoints.at(-1)?.score ?? 0, bestKnown: null, nodes: experiments.length,
    failures: { ...failures, other: experiments.filter((each) => each.status === "failed").length - failures.outOfMemory - failures.diverged }, agentSeconds: agentMs / 1000,
  };
}

/** As tree/bench/deliver.ts: finalists on rows the search never saw, and the vault rate of what is then handed over. */
async function deliverReal({ problem }: RealRunOptions, observations: readonly Trial[], adapters: ReadonlyMap<string, string>, policy: Policy, signal: AbortSignal): Promise<number> {
  const full = observations.filter((each) => each.status === "done" && each.fraction === 1);
  const base = promptedBase(full);
  if (base === null) throw new Error("The baselines come first.");
  const scoresOf = async (observation: Trial, split: "dev-select" | "vault"): Promise<readonly number[]> => orThrow(await problem.score({
    recipe: observation.recipe, adapterPath: adapters.get(observation.id) ?? null, split, count: problem.sizes[split] ?? 0, folder: folderOf(observation.kind === "baseline" ? "baselines" : policy.name, Number(observation.id.slice(1))),
  }, signal));
  const baseScores = await scoresOf(base, "dev-select");
  const state = observedState(problem.facts, observations, { remainingMs: 0, nodeMs: 1, nodesLeft: 0 });
  const scored: FinalistCandidate[] = [];
  for (const finalist of policy.finalists?.(state, mostFinalists) ?? finalistsByScore(state, mostFinalists)) {
    const observation = full.find((each) => each.id === finalist.nodeId);
    if (observation === undefined) continue;
    const scores = await scoresOf(observation, "dev-select");
    if (observation === base || judgeNode({ base: baseScores, candidate: scores, gainSigmas: 1 }) === "gain") scored.push({ ...finalist, score: mean(scores), standardError: standardError(scores) });
  }
  const winner = chooseWinner(scored);
  return mean(await scoresOf(full.find((each) => each.id === winner?.nodeId) ?? base, "vault"));
}

const plainAsk = (recipe: Recipe, axis: Ask["axis"]): Ask => ({ recipe, parent: "n0", move: null, axis, fraction: 1, itemShare: 1, resume: null, decisionMs: 0 });

function observe({ id, parent, kind, ask, scores, costMs, finishedMs }: { id: string; parent: string | null; kind: Trial["kind"]; ask: Ask; scores: readonly number[]; costMs: number; finishedMs: number }): Trial {
  return {
    id, parent, kind, move: ask.move, axis: ask.axis, recipe: ask.recipe, fraction: ask.fraction, status: "done", failure: null, scores, score: mean(scores), standardError: standardError(scores), costMs, finishedMs, loss: [], spectra: [], conditions: [],
  };
}
