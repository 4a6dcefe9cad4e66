import { askFor, type Policy } from "../policy.js";
import { drawPoint, recipeAt } from "./space.js";

/** Every experiment anywhere in the space (Bergstra and Bengio, JMLR 2012): the control that must be beaten. */
export function createRandomSearch(): Policy {
  return { name: "random", ask: (view) => askFor(recipeAt(drawPoint(view.random, view.facts), view.facts)), tell: () => undefined };
}
