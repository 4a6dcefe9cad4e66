import type { Failure, MendChoice, PlannerContext, Recipe, TreeNode } from "../contract/index.js";
import { createRandom, deriveSeed } from "../stats/index.js";
import { summarize } from "./context.js";
import { repaired, shrinkForTime, type Repair } from "./repair.js";
import { leased, requirementOf, stopIfAsked, type Work } from "./work.js";
import { plannerNow } from "./worth.js";

/** Failures a change of recipe may help against. The machine's own and a user's stop are not among them. */
const mendable: ReadonlySet<Failure["class"]> = new Set(["CONFIG", "OOM", "DATA", "TIMEOUT", "DIVERGED"]);

/**
 * The Executor's one question to the Researcher: the host's own repair did not help, so which of the typed ones now? Null
 * when it was asked before, when nothing on offer would change the recipe, or when it gives up.
 */
export async function askForMend(work: Work, node: TreeNode, failure: Failure, budget: PlannerContext["budget"]): Promise<Repair | null> {
  const { ledger, deps, meter } = work;
  const events = deps.journal.records().map(({ event }) => event);
  // A baseline is a measurement: with another prompt it would measure something else.
  if (node.kind === "baseline" || !mendable.has(failure.class) || events.some((event) => event.type === "mend-asked" && event.nodeId === node.id)) return null;
  const offers = new Map(mends(node.recipe).map((mend) => [mend.choice, mend.repair]));
  if (offers.size === 0) return null;
  const tried = events.flatMap((event) => (event.type === "recipe-repaired" && event.nodeId === node.id ? [event.reason] : []));
  const random = createRandom(deriveSeed(requirementOf(ledger.view()).seed, "mend", node.id));
  const planner = await plannerNow(work, budget);
  const { choice, why, spent } = await leased(work, "agent", () => meter.run("agent", () => planner.mend({
    node: summarize(node), failure, tried, choices: [...offers.keys(), "give-up"], budget,
  }, random, work.signal)));
  stopIfAsked(work);
  meter.addTokens(spent.tokens);
  await ledger.append({ type: "mend-asked", nodeId: node.id, choice, why: why.slice(0, 300), cost: meter.take() });
  return choice === "give-up" ? null : (offers.get(choice) ?? null);
}

interface Mend {
  readonly choice: Exclude<MendChoice, "give-up">;
  readonly repair: Repair;
}

/** Every typed repair that changes this recipe. */
function mends(recipe: Recipe): Mend[] {
  const { training, prompt, data } = recipe;
  const all: (Mend | null)[] = [];
  if (training !== null) {
    const change = (choice: Mend["choice"], possible: boolean, to: Parameters<typeof repaired>[2], reason: string): void => {
      all.push(possible ? { choice, repair: repaired(recipe, training, to, reason) } : null);
    };
    change("halve-batch", training.tokensPerStep >= 512, { tokensPerStep: Math.floor(training.tokensPerStep / 2) }, "The planner chose smaller steps after the host's own repair had not helped.");
    change("halve-rank", training.rank >= 4, { rank: Math.floor(training.rank / 2), alpha: Math.max(1, training.alpha / 2), ranks: {}, warmStartFrom: null }, "The planner chose a smaller adapter after the host's own repair had not helped.");
    change("shorten-rows", training.maxSequenceTokens >= 128, { maxSequenceTokens: Math.floor(training.maxSequenceTokens / 2) }, "The planner chose shorter rows after the host's own repair had not helped.");
    change("lower-rate", training.learningRate >= 5e-6, { learningRate: training.learningRate / 5 }, "The planner chose a lower learning rate after the host's own repair had not helped.");
    const shorter = shrinkForTime(recipe, 0.5, "The planner chose a shorter training after the host's own repair had not helped:");
    all.push(shorter === null ? null : { choice: "fewer-epochs", repair: shorter });
  }
  if (data.length > 0) all.push({ choice: "drop-last-data-operator", repair: { recipe: { ...recipe, data: data.slice(0, -1) }, reason: "The planner left out the last data step after the host's own repair had not helped." } });
  if (prompt.fewShot > 0) all.push({ choice: "drop-prompt", repair: { recipe: { ...recipe, prompt: { ...prompt, fewShot: 0 } }, reason: "The planner left out the worked examples after the host's own repair had not helped." } });
  return all.filter((mend) => mend !== null);
}
