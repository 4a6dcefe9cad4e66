import type { FailureClass, Recipe, Training } from "../../contract/index.js";
import { hasOwnRanks } from "./recipe-features.js";
import { sampledFraction } from "../recipes/apply-move.js";

/** How a training of this run ended, as far as its size and rate may be the reason. */
export interface TrainingEnd {
  readonly recipe: Recipe;
  /** null: it trained to the end. */
  readonly failure: FailureClass | null;
}

export interface FeasibilityModel {
  /** Probability that a recipe trains to the end, 0..1; 1 where nothing is trained. */
  probabilityOf(recipe: Recipe): number;
  /** The likeliest reason why it would not, with its probability. */
  riskOf(recipe: Recipe): { readonly failure: "OOM" | "DIVERGED" | "TIMEOUT" | null; readonly probability: number };
}

/**
 * Learns three borders: memory, divergence and time. Each is a threshold on a weighted sum that only grows with what
 * makes a training larger, hotter or longer, so that whatever fails, more of it fails as well: small language models do
 * not learn such regions, and every OOM is a node lost (trex.md 6). Weights and threshold are unknown; a fixed set of
 * possible borders is weighed by how well each explains what was seen (Bayes' rule over particles).
 * @param reference the default recipe: borders are placed relative to it, and it is expected to train
 */
export function fitFeasibility(ends: readonly TrainingEnd[], reference: Training): FeasibilityModel {
  const trained = ends.flatMap(({ recipe, failure }) => (recipe.training === null ? [] : [{ recipe, training: recipe.training, failure }]));
  const border = (kind: Border, failure: FailureClass): ((recipe: Recipe, training: Training) => number) => {
    const relevant = trained.filter((end) => end.failure === null || end.failure === failure);
    const particles = kind.shares.flatMap((shares, group) => {
      const sizes = relevant.map((end) => kind.sizeOf(shares, end.recipe, end.training, reference));
      return kind.thresholds.map((threshold) => {
        const placed = kind.placed(threshold, reference);
        const likelihood = relevant.reduce((product, end, index) => {
          const fails = logistic(((sizes[index] ?? 0) - placed) / kind.width);
          return product * (end.failure === failure ? fails : 1 - fails);
        }, 1);
        return { group, threshold: placed, weight: likelihood * Math.exp(kind.priorOf(threshold)) };
      });
    });
    const total = particles.reduce((sum, { weight }) => sum + weight, 0);
    if (!(total > 0)) return () => 0.5;
    const tables = kind.shares.map((_, group) => tableOf(particles.filter((each) => each.group === group), kind, total));
    return (recipe, training) => kind.shares.reduce((sum, shares, group) => sum + lookUp(tables[group], kind.sizeOf(shares, recipe, training, reference)), 0);
  };
  const memory = border(memoryBorder, "OOM");
  const rate = border(rateBorder, "DIVERGED");
  const time = border(timeBorder, "TIMEOUT");
  return {
    probabilityOf({ training, ...rest }) {
      if (training === null) return 1;
      const recipe = { training, ...rest };
      return (1 - memory(recipe, training)) * (1 - rate(recipe, training)) * (1 - time(recipe, training));
    },
    riskOf(recipe) {
      const { training } = recipe;
      if (training === null) return { failure: null, probability: 0 };
      const risks = [{ failure: "OOM" as const, probability: memory(recipe, training) }, { failure: "DIVERGED" as const, probability: rate(recipe, training) }, { failure: "TIMEOUT" as const, probability: time(recipe, training) }];
      return risks.reduce((worst, risk) => (risk.probability > worst.probability ? risk : worst));
    },
  };
}

interface Border {
  /** Possible thresholds, in the unit of `sizeOf`. */
  readonly thresholds: readonly number[];
  /** Possible weights of what adds up to a size. */
  readonly shares: readonly (readonly [first: number, second: number])[];
  /** Width of the border itself, in the same unit: near it, luck decides. */
  readonly width: number;
  /** Log prior of a threshold. */
  priorOf(threshold: number): number;
  placed(threshold: number, reference: Training): number;
  sizeOf(shares: readonly [first: number, second: number], recipe: Recipe, training: Training, reference: Training): number;
}

/** Probability of failure over the size, for one choice of weights: a mixture of logistics, read off a table because it is asked for thousands of times a step. */
interface Table {
  readonly lowest: number;
  readonly step: number;
  readonly values: Float64Array;
}
const tableSize = 96;

function tableOf(particles: readonly { readonly threshold: number; readonly weight: number }[], kind: Border, total: number): Table {
  const kept = particles.filter(({ weight }) => weight > 1e-6 * total);
  const edges = kept.map(({ threshold }) => threshold);
  const lowest = (edges.length === 0 ? 0 : Math.min(...edges)) - 6 * kind.width;
  const highest = (edges.length === 0 ? 0 : Math.max(...edges)) + 6 * kind.width;
  const step = (highest - lowest) / (tableSize - 1);
  const values = Float64Array.from({ length: tableSize }, (_, index) => kept.reduce((sum, { threshold, weight }) => sum + (weight / total) * logistic((lowest + index * step - threshold) / kind.width), 0));
  return { lowest, step, values };
}

function lookUp(table: Table | undefined, size: number): number {
  if (table === undefined) return 0;
  const position = Math.min(tableSize - 1, Math.max(0, (size - table.lowest) / table.step));
  const below = Math.floor(position);
  const low = table.values[below] ?? 0;
  return low + ((table.values[Math.min(tableSize - 1, below + 1)] ?? low) - low) * (position - below);
}

const targetSize = { all: 1, mlp: 0.65, attention: 0.35 } as const;
const meanRank = (training: Training): number => {
  if (!hasOwnRanks(training)) return training.rank;
  const own = Object.values(training.ranks);
  return Math.max(training.rank, own.reduce((sum, rank) => sum + rank, 0) / own.length);
};
const steps = (low: number, high: number, count: number): number[] => Array.from({ length: count }, (_, index) => low + ((high - low) * index) / (count - 1));
const logistic = (z: number): number => 1 / (1 + Math.exp(-z));

/** Memory: shares of adapter, step and longest row in what the default recipe takes beyond the weights; thresholds in doublings of it. */
const memoryBorder: Border = {
  thresholds: steps(-0.25, 6, 26),
  shares: [[0.34, 0.33], [0.6, 0.2], [0.2, 0.6], [0.2, 0.2], [0.05, 0.9]],
  width: 0.1,
  // A default that fits with room for one to three doublings is the ordinary case.
  priorOf: (threshold) => -0.5 * ((threshold - 2) / 1.5) ** 2,
  placed: (threshold) => threshold,
  sizeOf([first, second], _recipe, training, reference) {
    const adapter = (meanRank(training) * targetSize[training.targets]) / (reference.rank * targetSize[reference.targets]);
    return Math.log2(Math.max(1e-3, first * adapter + second * (training.tokensPerStep / reference.tokensPerStep) + (1 - first - second) * (training.maxSequenceTokens / reference.maxSequenceTokens)));
  },
};

/** Divergence: decades of learning rate; a larger step tolerates more, a larger rank less (shares: step, rank). */
const rateBorder: Border = {
  thresholds: steps(-5, -1.2, 39),
  shares: [[0, 0], [0.25, 0], [0.25, 0.1], [0.5, 0.1]],
  width: 0.06,
  // 72 of 80 runs that diverged were at 3e-3, hardly any at 1e-3 (reliability.md 15), on models of other sizes.
  priorOf: (threshold) => -0.5 * ((threshold - Math.log10(3e-3)) / 0.4) ** 2,
  // A task's own default is not taken to be beyond the border before it was tried.
  placed: (threshold, reference) => Math.max(threshold, Math.log10(reference.learningRate) + 0.2),
  sizeOf: ([first, second], _recipe, training, reference) => Math.log10(training.learningRate) - first * Math.log10(training.tokensPerStep / reference.tokensPerStep) + second * Math.log10(meanRank(training) / reference.rank),
};

/** Time: doublings of the default's passes over the data. */
const timeBorder: Border = {
  thresholds: steps(0.5, 8, 16),
  shares: [[0, 0]],
  width: 0.2,
  priorOf: (threshold) => -0.5 * ((threshold - 4) / 1.5) ** 2,
  placed: (threshold) => threshold,
  sizeOf: (_shares, recipe, training, reference) => Math.log2(Math.max(1e-3, (training.epochs * sampledFraction(recipe) * Math.max(1, training.maxSequenceTokens / reference.maxSequenceTokens) ** 0.5) / reference.epochs)),
};
