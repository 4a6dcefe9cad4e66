import { assertNever, moveIds, moves, numericFields, type DataOperator, type MoveId, type NumericField, type Recipe, type Training } from "../contract/index.js";
import type { Numbers, ParentFacts, RecipeFacts } from "./facts.js";
import { defaultTraining, fewShotCount, instructionOf } from "./initial-recipe.js";
import { recipeKey } from "./recipe-key.js";

/** What a move may look at besides the recipe. `parent` is null where the recipe grows from nothing. */
export interface MoveFacts extends RecipeFacts {
  readonly parent: ParentFacts | null;
}

/** Data operators are kept in this order, so that the same set is always the same recipe: cheap and exact first, sampling last. */
const operatorOrder = ["deduplicate", "drop-conflicts", "drop-long", "balance-answers", "sample"] as const satisfies readonly DataOperator["operator"][];
/** Fewer rows than this are not worth thinning out. */
const fewestRowsToThin = 64;
/** "Train longer" and "shorter" mean at least this factor: less is within what another seed would do. */
const durationFactor = 1.25;

/**
 * The recipe after a move. Deterministic; numbers missing from `numbers` keep the parent's value. A move on an untrained
 * parent (a prompted base) starts from the default training, so that it is a fresh draft.
 */
export function applyMove(recipe: Recipe, move: MoveId, numbers: Numbers, facts: MoveFacts): Recipe {
  const train = (change: Partial<Training>): Recipe => ({ ...recipe, training: { ...(recipe.training ?? defaultTraining(facts)), ...change } });
  const training = recipe.training ?? defaultTraining(facts);
  switch (move) {
    case "learning-rate":
      return train({ learningRate: numbers.learningRate ?? training.learningRate });
    case "batch-size":
      return train({ tokensPerStep: numbers.tokensPerStep ?? training.tokensPerStep });
    case "schedule":
      return train({ schedule: training.schedule === "cosine" ? "constant" : training.schedule === "constant" ? "linear" : "cosine" });
    case "rank": {
      const rank = numbers.rank ?? training.rank;
      // alpha / rank is the adapter's scale: it stays, so that the learning rate keeps its meaning.
      return train({ rank, alpha: Math.min(1024, Math.max(1, (training.alpha / training.rank) * rank)), warmStartFrom: null });
    }
    case "targets-all":
      return train({ targets: "all", warmStartFrom: null });
    case "targets-attention":
      return train({ targets: "attention", warmStartFrom: null });
    case "targets-mlp":
      return train({ targets: "mlp", warmStartFrom: null });
    case "train-longer":
    case "train-shorter":
      return train({ epochs: numbers.epochs ?? training.epochs });
    case "dropout":
      return train({ dropout: numbers.dropout ?? training.dropout });
    case "weight-decay":
      return train({ weightDecay: numbers.weightDecay ?? training.weightDecay });
    case "deduplicate":
      return { ...train({}), data: withOperator(recipe.data, { operator: "deduplicate" }) };
    case "drop-conflicts":
      return { ...train({}), data: withOperator(recipe.data, { operator: "drop-conflicts" }) };
    case "drop-long":
      return { ...train({}), data: withOperator(recipe.data, { operator: "drop-long", longestPercentile: 95 }) };
    case "balance-answers":
      return { ...train({}), data: withOperator(recipe.data, { operator: "balance-answers", strength: 0.5 }) };
    case "halve-data":
      return { ...train({}), data: withOperator(recipe.data, { operator: "sample", fraction: Math.max(0.05, sampledFraction(recipe) / 2) }) };
    case "instruction":
      return { ...train({}), prompt: { ...recipe.prompt, system: instructionOf(facts) } };
    case "few-shot":
      return { ...train({}), prompt: { ...recipe.prompt, fewShot: fewShotCount(facts) } };
    case "continue-parent":
      return train({ warmStartFrom: facts.parent?.nodeId ?? null, learningRate: numbers.learningRate ?? training.learningRate / 2 });
    default:
      return assertNever(move);
  }
}

/**
 * The menu from a parent: moves that apply to the recipe under these facts and, where no number is left to choose, lead
 * to a recipe not tried before. Moves with numbers stay on the menu; `isNovel` checks their result.
 * @param triedKeys `recipeKey` of every node so far
 */
export function availableMoves(recipe: Recipe, facts: MoveFacts, triedKeys: ReadonlySet<string>): MoveId[] {
  return moveIds.filter((move) => {
    if (!applies(recipe, move, facts)) return false;
    if (numbersOfMove(move).length > 0) return true;
    const key = recipeKey(applyMove(recipe, move, {}, facts));
    return key !== recipeKey(recipe) && !triedKeys.has(key);
  });
}

/** The numbers a move leaves to the optimiser. */
export const numbersOfMove = (move: MoveId): readonly NumericField[] => moves[move].numbers;

/** Bounds of a move's number as seen from its parent: the contract's, narrowed by what the move says. */
export function boundsOfMove(move: MoveId, field: NumericField, parent: Recipe): { minimum: number; maximum: number } {
  const { minimum, maximum } = numericFields[field];
  const epochs = parent.training?.epochs;
  if (move === "train-longer" && epochs !== undefined) return { minimum: Math.min(maximum, epochs * durationFactor), maximum };
  if (move === "train-shorter" && epochs !== undefined) return { minimum, maximum: Math.max(minimum, epochs / durationFactor) };
  // Continuing at the parent's rate or above undoes what its schedule annealed.
  const rate = parent.training?.learningRate;
  if (move === "continue-parent" && rate !== undefined) return { minimum, maximum: Math.max(minimum, Math.min(maximum, rate)) };
  return { minimum, maximum };
}

function applies(recipe: Recipe, move: MoveId, facts: MoveFacts): boolean {
  const training = recipe.training;
  const rows = facts.trainRows * sampledFraction(recipe);
  const has = (operator: DataOperator["operator"]): boolean => recipe.data.some((each) => each.operator === operator);
  switch (move) {
    case "learning-rate":
    case "batch-size":
    case "schedule":
    case "rank":
    case "dropout":
    case "weight-decay":
      return true;
    case "targets-all":
      return training !== null && training.targets !== "all";
    case "targets-attention":
      return training?.targets !== "attention";
    case "targets-mlp":
      return training?.targets !== "mlp";
    case "train-longer":
      return training !== null && training.epochs * durationFactor <= numericFields.epochs.maximum;
    case "train-shorter":
      return training !== null && training.epochs / durationFactor >= numericFields.epochs.minimum;
    case "deduplicate":
      return facts.duplicates > 0 && !has("deduplicate");
    case "drop-conflicts":
      return facts.conflicts > 0 && !has("drop-conflicts");
    case "drop-long":
      return rows >= fewestRowsToThin && !has("drop-long");
    case "balance-answers":
      return rows >= fewestRowsToThin && !has("balance-answers");
    case "halve-data":
      return rows >= 2 * fewestRowsToThin && sampledFraction(recipe) > 0.125;
    case "instruction":
      return !facts.hasSystemMessages && recipe.prompt.system === null && instructionOf(facts).length > 0;
    case "few-shot":
      return recipe.prompt.fewShot === 0 && fewShotCount(facts) > 0;
    case "continue-parent":
      return training !== null && facts.parent?.hasAdapter === true;
    default:
      return assertNever(move);
  }
}

function withOperator(operators: readonly DataOperator[], added: DataOperator): DataOperator[] {
  const others = operators.filter((each) => each.operator !== added.operator);
  return [...others, added].sort((left, right) => operatorOrder.indexOf(left.operator) - operatorOrder.indexOf(right.operator));
}

function sampledFraction(recipe: Recipe): number {
  return recipe.data.reduce((fraction, each) => (each.operator === "sample" ? fraction * each.fraction : fraction), 1);
}
