import { assertNever, type DataOperator, type MoveId, type Prompt, type Recipe, type Training } from "../../contract/index.js";
import type { Numbers, ParentFacts, RecipeFacts } from "./facts.js";
import { defaultTraining, fewShotCount, instructionOf } from "./initial-recipe.js";
import { nextWording, roomForPrompt, withFormatRules } from "./prompts.js";
import { reallocateRanks } from "./rank-reallocation.js";

/** What a move may look at besides the recipe. `parent` is null where the recipe grows from nothing. */
export interface MoveFacts extends RecipeFacts {
  readonly parent: ParentFacts | null;
}

/** Data operators are kept in this order, so that the same set is always the same recipe: cheap and exact first, sampling last. */
const operatorOrder = ["deduplicate", "drop-conflicts", "drop-long", "balance-answers", "sample"] as const satisfies readonly DataOperator["operator"][];
/** Fewer rows than this are not worth thinning out. */
export const fewestRowsToThin = 64;

/**
 * The recipe after a move. Deterministic; numbers missing from `numbers` keep the parent's value. A training move on an
 * untrained parent starts from the default training, so that it is a fresh draft; a prompt move on an untrained parent
 * stays untrained, a cheap experiment of its own. A move that does not apply gives the recipe as it is.
 */
export function applyMove(recipe: Recipe, move: MoveId, numbers: Numbers, facts: MoveFacts): Recipe {
  const training = recipe.training ?? defaultTraining(facts);
  const train = (change: Partial<Training>): Recipe => roomForPrompt({ ...recipe, training: { ...training, ...change } }, facts);
  const dataWith = (operator: DataOperator): Recipe => ({ ...train({}), data: withOperator(recipe.data, operator) });
  const ask = (change: Partial<Prompt>): Recipe => roomForPrompt({ ...recipe, prompt: { ...recipe.prompt, ...change } }, facts);
  const shots = (shotSelection: Prompt["shotSelection"]): Recipe => ask({ shotSelection, fewShot: Math.max(recipe.prompt.fewShot, fewShotCount(facts, recipe.prompt.system)) });
  switch (move) {
    case "learning-rate":
      return train({ learningRate: numbers.learningRate ?? training.learningRate });
    case "batch-size":
      return train({ tokensPerStep: numbers.tokensPerStep ?? training.tokensPerStep });
    case "schedule":
      return train({ schedule: training.schedule === "cosine" ? "constant" : training.schedule === "constant" ? "linear" : "cosine" });
    case "rank":
      return train(withRank(training, numbers.rank ?? training.rank));
    case "tune":
      return train({ ...numbers, ...withRank(training, numbers.rank ?? training.rank) });
    case "reallocate-rank": {
      const ranks = reallocateRanks(training, facts.parent?.spectra ?? [], facts.constraints.mostRank);
      return ranks === null ? recipe : train({ ranks, warmStartFrom: null });
    }
    case "targets-all":
      return train({ targets: "all", ranks: {}, warmStartFrom: null });
    case "targets-attention":
      return train({ targets: "attention", ranks: {}, warmStartFrom: null });
    case "targets-mlp":
      return train({ targets: "mlp", ranks: {}, warmStartFrom: null });
    case "train-longer":
    case "train-shorter":
      return train({ epochs: numbers.epochs ?? training.epochs });
    case "dropout":
      return train({ dropout: numbers.dropout ?? training.dropout });
    case "weight-decay":
      return train({ weightDecay: numbers.weightDecay ?? training.weightDecay });
    case "deduplicate":
      return dataWith({ operator: "deduplicate" });
    case "drop-conflicts":
      return dataWith({ operator: "drop-conflicts" });
    case "drop-long":
      return dataWith({ operator: "drop-long", longestPercentile: 95 });
    case "balance-answers":
      return dataWith({ operator: "balance-answers", strength: 0.5 });
    case "halve-data":
      return dataWith({ operator: "sample", fraction: Math.max(0.05, sampledFraction(recipe) / 2) });
    case "instruction":
      return ask({ system: instructionOf(facts) });
    case "format-rules":
      return ask({ system: withFormatRules(recipe, facts) ?? recipe.prompt.system });
    case "other-wording":
      return ask({ system: nextWording(recipe, facts) ?? recipe.prompt.system });
    case "few-shot":
      return shots("fixed");
    case "similar-shots":
      return shots("similar");
    case "coverage-shots":
      return shots("coverage");
    case "train-prompted":
      return roomForPrompt({ ...recipe, prompt: facts.bestPrompt ?? recipe.prompt, training }, facts);
    case "continue-parent":
      return train({ warmStartFrom: facts.parent?.nodeId ?? null, learningRate: numbers.learningRate ?? training.learningRate / 2 });
    default:
      return assertNever(move);
  }
}

/**
 * alpha / rank is the adapter's scale: it stays, so that the learning rate keeps its meaning. Ranks of single tensors and
 * a parent's adapter belong to the old rank and go with it.
 */
function withRank(training: Training, rank: number): Partial<Training> {
  if (rank === training.rank) return {};
  return { rank, alpha: Math.min(1024, Math.max(1, (training.alpha / training.rank) * rank)), ranks: {}, warmStartFrom: null };
}

function withOperator(operators: readonly DataOperator[], added: DataOperator): DataOperator[] {
  const others = operators.filter((each) => each.operator !== added.operator);
  return [...others, added].sort((left, right) => operatorOrder.indexOf(left.operator) - operatorOrder.indexOf(right.operator));
}

export const hasOperator = (recipe: Recipe, operator: DataOperator["operator"]): boolean => recipe.data.some((each) => each.operator === operator);

/** Share of the training rows that is left after sampling, 0..1. */
export function sampledFraction(recipe: Recipe): number {
  return recipe.data.reduce((fraction, each) => (each.operator === "sample" ? fraction * each.fraction : fraction), 1);
}
