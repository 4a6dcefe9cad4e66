import type { Recipe } from "../contract/index.js";

/**
 * Canonical text of a recipe: equal recipes have equal keys whatever the order of their fields. The seed is left out: the
 * same recipe with another seed is a repeat, not a new idea (a seed used as a lever is a known way to fool oneself, trex.md 5).
 */
export function recipeKey(recipe: Recipe): string {
  return canonical({ data: recipe.data, prompt: recipe.prompt, training: recipe.training });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
