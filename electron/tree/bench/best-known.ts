import { createRandom, deriveSeed, randomNormal } from "../../stats/index.js";
import { choiceNames, defaultPoint, drawPoint, optionsOf, recipeAt, type Point } from "../rivals/optimisers/space.js";
import type { Problem } from "../simulator/index.js";

const draws = 300;
const climbers = 4;
const steps = 160;

/**
 * The best vault rate that a search with eyes finds: it sees true scores, pays nothing, and climbs from the best of many
 * draws. A bound from below; whatever a policy delivers above it raises what is called best known.
 */
export function bestKnown(problem: Problem, seed: number): number {
  const random = createRandom(deriveSeed(seed, "best known"));
  const { facts } = problem;
  const value = (point: Point): number => problem.trueScore({ recipe: recipeAt(point, facts), parent: null }) ?? 0;
  const near = (point: Point): Point => ({ numbers: point.numbers, choices: drawPoint(random, facts).choices });
  const standard = defaultPoint(facts);
  const found = [standard, ...Array.from({ length: draws }, (_, index) => (index % 3 === 0 ? near(standard) : drawPoint(random, facts)))]
    .map((point) => ({ point, value: value(point) }))
    .sort((left, right) => right.value - left.value);
  return Math.max(...found.slice(0, climbers).map((start) => climb(start, value, problem, random)));
}

function climb(start: { readonly point: Point; readonly value: number }, value: (point: Point) => number, problem: Problem, random: () => number): number {
  let { point: at, value: best } = start;
  for (let step = 0; step < steps; step += 1) {
    const width = 0.25 * (1 - step / steps) + 0.02;
    const changesNumber = random() < 0.7;
    const field = Math.floor(random() * at.numbers.length);
    const choice = Math.floor(random() * choiceNames.length);
    const name = choiceNames[choice];
    const next: Point = changesNumber
      ? { ...at, numbers: at.numbers.map((unit, index) => (index === field || random() < 0.3 ? Math.min(1, Math.max(0, unit + width * randomNormal(random))) : unit)) }
      : { ...at, choices: at.choices.with(choice, name === undefined ? 0 : Math.floor(random() * optionsOf(name, problem.facts))) };
    const reached = value(next);
    if (reached > best) [at, best] = [next, reached];
  }
  return best;
}
