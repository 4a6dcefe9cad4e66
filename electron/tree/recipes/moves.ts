import { assertNever, moveIds, moves, numericFields, type DataOperator, type MoveId, type NumericField, type Recipe } from "../../contract/index.js";
import { fromUnit, toUnit, type FieldBounds } from "../numbers/unit-scale.js";
import { applyMove, fewestRowsToThin, hasOperator, sampledFraction, type MoveFacts } from "./apply-move.js";
import { fewShotCount, instructionOf } from "./initial-recipe.js";
import { nextWording, samePrompt, systemPrompt, withFormatRules } from "./prompts.js";
import { reallocateRanks } from "./rank-reallocation.js";
import { recipeKey } from "./recipe-key.js";

/** "Train longer" and "shorter" mean at least this factor: less is within what another seed would do. */
const durationFactor = 1.25;
/** A continued training keeps at least this part of the parent's learning rate. */
const leastContinuedShare = 3;

/**
 * The menu from a parent: moves that apply to the recipe under these facts and constraints and, where no number is left to
 * choose, lead to a recipe not tried before. Moves with numbers stay on the menu; `isNovel` checks their result.
 * @param triedKeys `recipeKey` of every node so far
 */
export function availableMoves(recipe: Recipe, facts: MoveFacts, triedKeys: ReadonlySet<string>): MoveId[] {
  return moveIds.filter((move) => {
    if (!allowed(recipe, move, facts) || !applies(recipe, move, facts)) return false;
    if (numbersOfMove(move).length > 0) return true;
    const key = recipeKey(applyMove(recipe, move, {}, facts));
    return key !== recipeKey(recipe) && !triedKeys.has(key);
  });
}

/** The numbers a move leaves to the optimiser. */
export const numbersOfMove = (move: MoveId): readonly NumericField[] => moves[move].numbers;

/** Bounds of a move's number as seen from its parent: the contract's, narrowed by what the move says and the user allows. */
export function boundsOfMove(move: MoveId, field: NumericField, parent: Recipe, mostRank: number | null = null): FieldBounds {
  const { minimum, maximum } = numericFields[field];
  const epochs = parent.training?.epochs;
  if (move === "train-longer" && epochs !== undefined) return { minimum: Math.min(maximum, epochs * durationFactor), maximum };
  if (move === "train-shorter" && epochs !== undefined) return { minimum, maximum: Math.max(minimum, epochs / durationFactor) };
  // Continuing at the parent's rate or above undoes what its schedule annealed; far below it nothing moves any more.
  const rate = parent.training?.learningRate;
  if (move === "continue-parent" && rate !== undefined) return { minimum: Math.min(maximum, Math.max(minimum, rate / leastContinuedShare)), maximum: Math.max(minimum, Math.min(maximum, rate)) };
  if (move === "tune" && parent.training !== null) return near(parent.training[field], field, mostRank);
  if (field === "rank" && mostRank !== null) return { minimum: Math.min(minimum, mostRank), maximum: Math.min(maximum, mostRank) };
  return { minimum, maximum };
}

/**
 * All numbers at once, but none further than this share of its range from the parent's: with a dozen nodes a step into the
 * unknown in six directions teaches little (trust regions: Eriksson et al., arXiv 1910.01739).
 */
const tuneReach = 0.3;

function near(value: number, field: NumericField, mostRank: number | null): FieldBounds {
  const at = Math.min(1, Math.max(0, toUnit(field, value)));
  const highest = field === "rank" && mostRank !== null ? Math.min(mostRank, numericFields.rank.maximum) : numericFields[field].maximum;
  const maximum = Math.min(highest, fromUnit(field, Math.min(1, at + tuneReach)));
  return { minimum: Math.min(maximum, fromUnit(field, Math.max(0, at - tuneReach))), maximum };
}

/** What the user will not have is not on the menu, whatever it would gain. */
function allowed(recipe: Recipe, move: MoveId, { constraints }: MoveFacts): boolean {
  if (constraints.forbiddenMoves.includes(move)) return false;
  const trains = recipe.training !== null || moves[move].axis !== "prompt" || move === "train-prompted";
  // A prompt tried on an untrained model cannot be what is delivered where only an adapter will do, and the other way round.
  return constraints.deliver === "anything" || (constraints.deliver === "adapter" ? trains : !trains);
}

function applies(recipe: Recipe, move: MoveId, facts: MoveFacts): boolean {
  const { training, prompt } = recipe;
  const rows = facts.trainRows * sampledFraction(recipe);
  const lacks = (operator: DataOperator["operator"]): boolean => !hasOperator(recipe, operator);
  switch (move) {
    case "learning-rate":
    case "batch-size":
    case "schedule":
    case "dropout":
    case "weight-decay":
    case "tune":
      return true;
    case "rank":
      return (facts.constraints.mostRank ?? numericFields.rank.maximum) > numericFields.rank.minimum;
    case "targets-all":
      return training !== null && training.targets !== "all";
    case "targets-attention":
      return training?.targets !== "attention";
    case "targets-mlp":
      return training?.targets !== "mlp";
    case "reallocate-rank":
      return training !== null && reallocateRanks(training, facts.parent?.spectra ?? [], facts.constraints.mostRank) !== null;
    case "train-longer":
      return training !== null && training.epochs * durationFactor <= numericFields.epochs.maximum;
    case "train-shorter":
      return training !== null && training.epochs / durationFactor >= numericFields.epochs.minimum;
    case "deduplicate":
      return facts.duplicates > 0 && lacks("deduplicate");
    case "drop-conflicts":
      return facts.conflicts > 0 && lacks("drop-conflicts");
    case "drop-long":
      return rows >= fewestRowsToThin && lacks("drop-long");
    case "balance-answers":
      return rows >= fewestRowsToThin && lacks("balance-answers");
    case "halve-data":
      return rows >= 2 * fewestRowsToThin && sampledFraction(recipe) > 0.125;
    case "instruction":
      return prompt.system === null && instructionOf(facts).length > 0 && systemPrompt(instructionOf(facts), recipe, facts) !== null;
    case "format-rules":
      return withFormatRules(recipe, facts) !== null;
    case "other-wording":
      return nextWording(recipe, facts) !== null;
    case "few-shot":
      return prompt.fewShot === 0 && fewShotCount(facts, prompt.system) > 0;
    case "similar-shots":
      return (prompt.fewShot === 0 || prompt.shotSelection !== "similar") && fewShotCount(facts, prompt.system) > 0;
    case "coverage-shots":
      return (prompt.fewShot === 0 || prompt.shotSelection !== "coverage") && fewShotCount(facts, prompt.system) > 0;
    case "train-prompted":
      return facts.bestPrompt !== null && (training === null || !samePrompt(prompt, facts.bestPrompt));
    case "continue-parent":
      return training !== null && facts.parent?.hasAdapter === true;
    default:
      return assertNever(move);
  }
}
