import type { MoveId, NumericField, Recipe } from "../../contract/index.js";
import { randomNormal } from "../../stats/index.js";
import type { Numbers } from "../recipes/facts.js";
import { boundsOfMove, numbersOfMove } from "../recipes/moves.js";
import { askCmaEs, cmaEsAfter } from "./cma-es.js";
import { reflect, tpeCandidates, type ScoredPoint } from "./tpe.js";
import { fromUnit, numberFields, roundField, toUnit } from "./unit-scale.js";

/** One node as the proposers see it: what it was worth on any scale where higher is better; null when it failed. */
export interface Observation {
  readonly numbers: Numbers;
  readonly reward: number | null;
}

export interface NumberRequest {
  readonly move: MoveId;
  readonly parent: Recipe;
  /** Of all nodes that trained, whatever their branch, oldest first. */
  readonly observations: readonly Observation[];
  readonly random: () => number;
  /** About how many candidates; each proposer gives its share. */
  readonly count: number;
  readonly mostRank?: number | null;
}

/** Where a field starts when the parent has no training: the published defaults (reliability.md 14). */
const priors: Readonly<Record<NumericField, number>> = { learningRate: 3e-4, rank: 16, epochs: 2, dropout: 0.05, weightDecay: 0.01, tokensPerStep: 2048 };
/** Ranks are powers of two, a fifth of the range apart: less than half of that would be rounded back. */
const smallestStep = (field: NumericField): number => (field === "rank" ? 0.11 : 0.04);
/** Steps around the parent and the best node, as a share of the range. */
const nearby = 0.12;

/**
 * Candidate values for all numbers a move leaves open, together: from a Tree-structured Parzen Estimator, from CMA-ES as
 * it would stand after the run's nodes, from steps around the parent and the best node, and from nowhere in particular.
 * Which of them is run is for the surrogate to say. Always within bounds; at least one number differs from the parent's.
 */
export function proposeNumbers(request: NumberRequest): Partial<Record<NumericField, number>>[] {
  const fields = numbersOfMove(request.move);
  if (fields.length === 0) return [{}];
  const { parent, random, count } = request;
  const bounds = fields.map((field) => boundsOfMove(request.move, field, parent, request.mostRank ?? null));
  const low = fields.map((field, index) => toUnit(field, bounds[index]?.minimum ?? 0));
  const width = fields.map((field, index) => Math.max(0, toUnit(field, bounds[index]?.maximum ?? 0) - (low[index] ?? 0)));
  const start = fields.map((field, index) => inside(toUnit(field, parent.training?.[field] ?? priors[field]), low[index] ?? 0, width[index] ?? 0));
  const points = scoredPoints(fields, low, width, request.observations);
  const share = Math.max(1, Math.round(count / 4));

  const best = points.reduce<ScoredPoint | null>((top, point) => (top === null || point.value > top.value ? point : top), null);
  const around = (centre: readonly number[]): number[] => centre.map((value) => reflect(value + nearby * randomNormal(random)));
  const cube = [
    ...tpeCandidates(points, fields.length, share, random),
    // One number has no covariance to adapt: there a step around the best does the same for less.
    ...(fields.length > 1 ? askCmaEs(cmaEsAfter(points, start), share, random) : []),
    ...Array.from({ length: share }, (_, index) => around(index % 2 === 0 ? start : (best?.point ?? start))),
    ...Array.from({ length: share }, () => fields.map(random)),
  ];
  const proposals = cube.map((point) => Object.fromEntries(fields.map((field, index) => [field, roundField(field, fromUnit(field, (low[index] ?? 0) + (width[index] ?? 0) * (point[index] ?? 0)), bounds[index])])) as Partial<Record<NumericField, number>>);
  const changed = proposals.filter((numbers) => fields.some((field) => differs(field, numbers[field], parent)));
  return changed.length > 0 ? changed : [stepAway(fields, bounds, parent)];
}

/** The optimiser's view of a recipe; empty where nothing is trained. */
export function numbersOf(recipe: Recipe): Numbers {
  if (recipe.training === null) return {};
  const { learningRate, rank, epochs, dropout, weightDecay, tokensPerStep } = recipe.training;
  return { learningRate, rank, epochs, dropout, weightDecay, tokensPerStep };
}

function scoredPoints(fields: readonly NumericField[], low: readonly number[], width: readonly number[], observations: readonly Observation[]): ScoredPoint[] {
  const scored = observations.flatMap(({ reward }) => (reward === null ? [] : [reward]));
  // A failed node counts a little below the worst score: its numbers are to be left, how far is the feasibility model's word.
  const failed = (scored.length > 0 ? Math.min(...scored) : 0) - (scored.length > 1 ? (Math.max(...scored) - Math.min(...scored)) / 2 : 1e-6);
  return observations.flatMap(({ numbers, reward }) => {
    if (numberFields.some((field) => fields.includes(field) && numbers[field] === undefined)) return [];
    return [{ point: fields.map((field, index) => inside(toUnit(field, numbers[field] ?? priors[field]), low[index] ?? 0, width[index] ?? 0)), value: reward ?? failed }];
  });
}

const inside = (unit: number, low: number, width: number): number => (width > 0 ? Math.min(1, Math.max(0, (unit - low) / width)) : 0);

function differs(field: NumericField, value: number | undefined, parent: Recipe): boolean {
  const before = parent.training?.[field];
  return value !== undefined && (before === undefined || Math.abs(toUnit(field, value) - toUnit(field, before)) >= smallestStep(field));
}

/** Every proposal was rounded back onto the parent: one step to the roomier side. */
function stepAway(fields: readonly NumericField[], bounds: readonly { minimum: number; maximum: number }[], parent: Recipe): Partial<Record<NumericField, number>> {
  return Object.fromEntries(fields.map((field, index) => {
    const at = toUnit(field, parent.training?.[field] ?? priors[field]);
    const highest = toUnit(field, bounds[index]?.maximum ?? 0);
    const lowest = toUnit(field, bounds[index]?.minimum ?? 0);
    const step = field === "rank" ? 0.2 : 1.5 * smallestStep(field);
    return [field, roundField(field, fromUnit(field, highest - at > at - lowest ? at + step : at - step), bounds[index])];
  }));
}
