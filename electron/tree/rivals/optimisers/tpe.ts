import { normalCdf, normalQuantile } from "../../../stats/index.js";
import { drawWeighted } from "../draw.js";
import { askFor, type Observation, type Policy } from "../policy.js";
import { choiceNames, defaultPoint, drawPoint, optionsOf, recipeAt, type Point } from "./space.js";

/** Defaults of Optuna 4 with `multivariate=True`; the estimator is that of Falkner et al. (BOHB, arXiv 1807.01774) after Bergstra et al. 2011. */
const startupTrials = 10;
const candidates = 24;
const mostGood = 25;
const goodShare = 0.1;
const priorWeight = 1;
/** The newest so many count in full, older ones fade in a line. */
const fullWeight = 25;

/** Tree-structured Parzen estimator over the whole space at once; failures are told as the worst score there is. */
export function createTpe(): Policy {
  const trials: { readonly point: Point; score: number }[] = [];
  let asked: Point | null = null;
  return {
    name: "TPE",
    ask(view) {
      if (trials.length === 0) trials.push({ point: defaultPoint(view.facts), score: defaultScore(view.observations) });
      const sizes = choiceNames.map((choice) => optionsOf(choice, view.facts));
      asked = trials.length < startupTrials ? drawPoint(view.random, view.facts) : suggest(trials, sizes, view.random);
      return askFor(recipeAt(asked, view.facts));
    },
    tell(observation) {
      if (asked !== null) trials.push({ point: asked, score: observation.score ?? Number.NEGATIVE_INFINITY });
      asked = null;
    },
  };
}

export function defaultScore(observations: readonly Observation[]): number {
  return observations.find((each) => each.kind === "draft")?.score ?? Number.NEGATIVE_INFINITY;
}

/** The candidate of highest density among the good over density among the rest. Trials oldest first. */
export function suggest(trials: readonly { readonly point: Point; readonly score: number }[], sizes: readonly number[], random: () => number): Point {
  const ranked = trials.map((trial, age) => ({ ...trial, age })).sort((left, right) => right.score - left.score);
  const goodCount = Math.min(Math.ceil(goodShare * trials.length), mostGood);
  const inOrder = (set: typeof ranked): Point[] => [...set].sort((left, right) => left.age - right.age).map(({ point }) => point);
  const good = parzen(inOrder(ranked.slice(0, goodCount)), sizes);
  const rest = parzen(inOrder(ranked.slice(goodCount)), sizes);
  let best = good.draw(random);
  let highest = Number.NEGATIVE_INFINITY;
  for (let candidate = 0; candidate < candidates; candidate += 1) {
    const point = good.draw(random);
    const ratio = good.logDensity(point) - rest.logDensity(point);
    if (ratio > highest) [best, highest] = [point, ratio];
  }
  return best;
}

interface Parzen {
  draw(random: () => number): Point;
  logDensity(point: Point): number;
}

/** One product kernel a trial and one wide one as the prior: truncated normals for numbers, smoothed indicators for choices. */
function parzen(points: readonly Point[], sizes: readonly number[]): Parzen {
  const count = points.length;
  const dimensions = (points[0]?.numbers.length ?? 0) + sizes.length;
  const numbers = points[0]?.numbers.length ?? 6;
  const smallest = 1 / Math.min(100, 1 + count);
  const width = Math.max(smallest, 0.2 * Math.max(1, count) ** (-1 / (dimensions + 4)));
  const weights = points.map((_, index) => (index >= count - fullWeight ? 1 : 1 / count + ((1 - 1 / count) * index) / Math.max(1, count - fullWeight)));
  weights.push(priorWeight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = (index: number): Point | null => points[index] ?? null;
  const smoothing = priorWeight / (count + 1);
  return {
    draw(random) {
      const at = kernel(drawWeighted(weights, random));
      return {
        numbers: Array.from({ length: numbers }, (_, field) => truncatedNormal(at?.numbers[field] ?? 0.5, at === null ? 1 : width, random)),
        choices: sizes.map((size, choice) => drawWeighted(Array.from({ length: size }, (_, option) => (at?.choices[choice] === option ? 1 : 0) + smoothing), random)),
      };
    },
    logDensity(point) {
      let density = 0;
      for (let index = 0; index <= count; index += 1) {
        const at = kernel(index);
        let log = Math.log((weights[index] ?? 0) / total);
        const spread = at === null ? 1 : width;
        for (let field = 0; field < numbers; field += 1) log += logTruncated(point.numbers[field] ?? 0.5, at?.numbers[field] ?? 0.5, spread);
        for (let choice = 0; choice < sizes.length; choice += 1) {
          const size = sizes[choice] ?? 1;
          log += at === null ? -Math.log(size) : Math.log(((at.choices[choice] === point.choices[choice] ? 1 : 0) + smoothing) / (1 + size * smoothing));
        }
        density += Math.exp(log);
      }
      return Math.log(Math.max(density, 1e-300));
    },
  };
}

function truncatedNormal(centre: number, spread: number, random: () => number): number {
  const low = normalCdf(-centre / spread);
  const high = normalCdf((1 - centre) / spread);
  return Math.min(1, Math.max(0, centre + spread * normalQuantile(low + (high - low) * random())));
}

function logTruncated(value: number, centre: number, spread: number): number {
  const z = (value - centre) / spread;
  return -0.5 * z * z - Math.log(spread * Math.sqrt(2 * Math.PI)) - Math.log(massOf(centre, spread));
}

const masses = new Map<number, Map<number, number>>();
/** Normal mass between 0 and 1; kernels are asked for it many times. */
function massOf(centre: number, spread: number): number {
  let bySpread = masses.get(spread);
  if (bySpread === undefined) {
    if (masses.size > 64) masses.clear();
    bySpread = new Map();
    masses.set(spread, bySpread);
  }
  const known = bySpread.get(centre);
  if (known !== undefined) return known;
  const mass = normalCdf((1 - centre) / spread) - normalCdf(-centre / spread);
  if (bySpread.size > 2000) bySpread.clear();
  bySpread.set(centre, mass);
  return mass;
}
