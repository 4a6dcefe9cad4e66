import type { Recipe, Training } from "../../contract/index.js";
import { sampledFraction } from "../recipes/apply-move.js";
import { promptKey } from "../recipes/recipe-key.js";
import { numberFields, toUnit } from "../numbers/unit-scale.js";

/** What a recipe has or has not besides its numbers; each is one coordinate with a linear effect. */
export const switches = [
  "attention-only", "mlp-only", "linear-schedule", "constant-schedule", "deduplicate", "drop-conflicts", "drop-long", "balance-answers", "halvings", "moved-rank", "warm-start",
  "system", "format-rules", "shots", "similar-shots", "coverage-shots",
] as const;
export type Switch = (typeof switches)[number];
const switchIndex = Object.fromEntries(switches.map((name, index) => [name, index])) as Record<Switch, number>;
const firstPromptSwitch = switches.indexOf("system");

/** A recipe as the surrogate sees it. */
export interface RecipeFeatures {
  readonly trained: boolean;
  /** In the order of `numberFields`, each as a share of its range; epochs are passes, those of the adapter it goes on from included. Meaningless where nothing is trained. */
  readonly numbers: Float64Array;
  /** In the order of `switches`, 0 where the recipe has not got it. */
  readonly switches: Float64Array;
  /** Indices of the switches that are not 0: most are. */
  readonly set: readonly number[];
  /** The system prompt's text; "" without one. Wordings have nothing in common but that they are there. */
  readonly wording: string;
  /** The whole prompt, where nothing is trained. */
  readonly prompt: string;
}

/** Share of an adapter's training that one who trains on from it keeps. A guess: learning at a new rate undoes some. */
const carriedOver = 0.8;
const longestChain = 8;

export const isPromptSwitch = (index: number): boolean => index >= firstPromptSwitch;

/** @param recipeOf recipes of nodes by id, for warm starts */
export function featuresOf(recipe: Recipe, recipeOf: (nodeId: string) => Recipe | undefined, formatRules: string | null): RecipeFeatures {
  const { training, prompt } = recipe;
  const numbers = new Float64Array(numberFields.length);
  const values = new Float64Array(switches.length);
  const set: number[] = [];
  const put = (name: Switch, value: number): void => {
    if (value === 0) return;
    const index = switchIndex[name];
    values[index] = value;
    set.push(index);
  };
  if (training !== null) {
    numberFields.forEach((field, index) => (numbers[index] = toUnit(field, field === "epochs" ? passesOf(recipe, recipeOf, longestChain) : training[field])));
    put("attention-only", training.targets === "attention" ? 1 : 0);
    put("mlp-only", training.targets === "mlp" ? 1 : 0);
    put("linear-schedule", training.schedule === "linear" ? 1 : 0);
    put("constant-schedule", training.schedule === "constant" ? 1 : 0);
    put("moved-rank", hasOwnRanks(training) ? 1 : 0);
    put("warm-start", training.warmStartFrom === null ? 0 : 1);
    for (const each of recipe.data) {
      if (each.operator === "balance-answers") put("balance-answers", 2 * each.strength);
      else if (each.operator === "drop-long") put("drop-long", (100 - each.longestPercentile) / 5);
      else if (each.operator !== "sample") put(each.operator, 1);
    }
    put("halvings", -Math.log2(sampledFraction(recipe)));
  }
  const rules = formatRules !== null && prompt.system?.includes(formatRules) === true;
  put("system", prompt.system === null || (rules && prompt.system === formatRules) ? 0 : 1);
  put("format-rules", rules ? 1 : 0);
  // What the first examples show, the later ones mostly repeat.
  put("shots", 1 - Math.exp(-prompt.fewShot / 2));
  put("similar-shots", prompt.fewShot > 0 && prompt.shotSelection === "similar" ? 1 : 0);
  put("coverage-shots", prompt.fewShot > 0 && prompt.shotSelection === "coverage" ? 1 : 0);
  return { trained: training !== null, numbers, switches: values, set, wording: wordingOf(prompt.system, rules ? formatRules : null), prompt: training === null ? promptKey(prompt) : "" };
}

/** Without listing them: there may be hundreds. */
export function hasOwnRanks(training: Training): boolean {
  for (const _tensor in training.ranks) return true;
  return false;
}

function passesOf(recipe: Recipe, recipeOf: (nodeId: string) => Recipe | undefined, depth: number): number {
  const { training } = recipe;
  if (training === null) return 0;
  const from = training.warmStartFrom === null || depth === 0 ? undefined : recipeOf(training.warmStartFrom);
  return training.epochs + (from === undefined ? 0 : carriedOver * passesOf(from, recipeOf, depth - 1));
}

function wordingOf(system: string | null, rules: string | null): string {
  if (system === null) return "";
  return rules === null ? system : system.replace(rules, "").trim();
}
