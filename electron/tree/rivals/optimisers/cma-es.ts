import { randomNormal } from "../../../stats/index.js";
import type { RecipeFacts } from "../../recipes/facts.js";
import { createCma, type Cma } from "./covariance-adaptation.js";
import { askFor, type Policy } from "../policy.js";
import { choiceNames, defaultPoint, optionsOf, recipeAt, type Point } from "./space.js";
import { defaultScore } from "./tpe.js";

const firstStep = 0.25;
/** A step this small moves no number by more than rounding: start again, wider, from the best point so far. */
const smallestStep = 0.02;

/**
 * CMA-ES (Hansen, arXiv 1604.00772) on the unit cube, started at the default recipe. Choices are strips of a coordinate,
 * kept changeable by a margin on their chance to flip (Hamano et al., arXiv 2205.13482). Failures rank last.
 */
export function createCmaEs(): Policy {
  let cma: Cma | null = null;
  let margin: (mean: Float64Array, sigma: number, spreads: Float64Array) => void = () => undefined;
  let waiting: { readonly vector: Float64Array; score: number }[] = [];
  let asked: Float64Array | null = null;
  let best: { readonly vector: Float64Array; readonly score: number } | null = null;
  return {
    name: "CMA-ES",
    ask(view) {
      const { facts, random } = view;
      if (cma === null) {
        const start = vectorOf(defaultPoint(facts), facts);
        best = { vector: start, score: defaultScore(view.observations) };
        cma = createCma(start, firstStep);
        margin = marginFor(facts, cma.populationSize);
      }
      if (waiting.length >= cma.populationSize) {
        cma.update(waiting.sort((left, right) => right.score - left.score).map(({ vector }) => vector));
        waiting = [];
        if (cma.sigma * Math.max(...cma.spreads()) < smallestStep && best !== null) cma = createCma(best.vector, firstStep);
        margin(cma.mean, cma.sigma, cma.spreads());
      }
      asked = drawInside(cma, random);
      return askFor(recipeAt(pointOf(asked, facts), facts));
    },
    tell(observation) {
      if (asked === null) return;
      const score = observation.score ?? Number.NEGATIVE_INFINITY;
      waiting.push({ vector: asked, score });
      if (best === null || score > best.score) best = { vector: asked, score };
      asked = null;
    },
  };
}

/** Drawn again while it falls outside, then pushed back: a penalty would need a score that cannot be had there. */
function drawInside(cma: Cma, random: () => number): Float64Array {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const vector = cma.draw(() => randomNormal(random));
    if (vector.every((value) => value >= 0 && value <= 1)) return vector;
  }
  return cma.draw(() => randomNormal(random)).map((value) => Math.min(1, Math.max(0, value)));
}

function vectorOf(point: Point, facts: RecipeFacts): Float64Array {
  return Float64Array.from([...point.numbers, ...choiceNames.map((choice, at) => ((point.choices[at] ?? 0) + 0.5) / optionsOf(choice, facts))]);
}

function pointOf(vector: Float64Array, facts: RecipeFacts): Point {
  const count = vector.length - choiceNames.length;
  return {
    numbers: [...vector.slice(0, count)],
    choices: choiceNames.map((choice, at) => {
      const options = optionsOf(choice, facts);
      return Math.min(options - 1, Math.floor((vector[count + at] ?? 0) * options));
    }),
  };
}

/** Moves a choice's mean towards the nearest border until crossing it is not rarer than once in a population. */
function marginFor(facts: RecipeFacts, populationSize: number): (mean: Float64Array, sigma: number, spreads: Float64Array) => void {
  return (mean, sigma, spreads) => {
    const count = mean.length - choiceNames.length;
    choiceNames.forEach((choice, index) => {
      const options = optionsOf(choice, facts);
      if (options < 2) return;
      const at = count + index;
      const value = (mean[at] ?? 0) * options;
      const option = Math.min(options - 1, Math.floor(value));
      const down = option > 0 ? value - option : Number.POSITIVE_INFINITY;
      const up = option < options - 1 ? option + 1 - value : Number.POSITIVE_INFINITY;
      const distance = Math.min(down, up) / options;
      const reach = marginSigmas(populationSize * mean.length) * sigma * (spreads[at] ?? 1);
      if (distance > reach) mean[at] = (mean[at] ?? 0) + (down < up ? -1 : 1) * (distance - reach);
    });
  };
}

/** Standard deviations at which a tail of 1 / (n * lambda), the margin that Hamano et al. advise, begins. */
const marginSigmas = (count: number): number => Math.sqrt(2 * Math.log(count / 2));
