import { numericFields, type MoveId, type NumericField, type Recipe } from "../contract/index.js";
import { randomNormal } from "../stats/index.js";
import type { Numbers } from "./facts.js";
import { boundsOfMove, numbersOfMove } from "./moves.js";

/** One node as the optimiser sees it. A failed one has reward null and counts against its numbers. */
export interface Observation {
  readonly numbers: Numbers;
  readonly reward: number | null;
}
export type NumberBounds = Readonly<Partial<Record<NumericField, { readonly minimum: number; readonly maximum: number }>>>;

export interface NumberRequest {
  readonly move: MoveId;
  readonly parent: Recipe;
  /** Of all nodes that trained, whatever their branch. */
  readonly observations: readonly Observation[];
  readonly random: () => number;
  /** Narrower than the contract's, for example what memory allows. */
  readonly bounds?: NumberBounds;
}

/** Where a field starts when the parent has no training: the published defaults (reliability.md 14). */
const priors: Readonly<Record<NumericField, number>> = { learningRate: 3e-4, rank: 16, epochs: 2, dropout: 0.05, weightDecay: 0.01, tokensPerStep: 2048 };
/** All lengths below are shares of a field's range, logarithmic where the field is. */
const spread = 0.15;
/** Ranks are powers of two, a fifth of the range apart: less than half of that would be rounded back. */
const smallestStep = (field: NumericField): number => (field === "rank" ? 0.11 : 0.05);
const fewestDistinct = 4;
const goodShare = 0.25;
const candidateCount = 32;
/** Share of each density that is flat over the range: no region is ever given up for good. */
const flatShare = 0.15;

/**
 * Values for the numbers a move leaves open. With enough distinct observations a one-dimensional Tree-structured Parzen
 * Estimator per field (Bergstra et al. 2011): draw from the density of the good quarter, keep the draw of the highest
 * ratio to the rest. With few, a normal step around the best value known. Never the parent's own value. Same
 * observations and random stream, same answer.
 */
export function proposeNumbers(request: NumberRequest): Partial<Record<NumericField, number>> {
  const proposal: Partial<Record<NumericField, number>> = {};
  for (const field of numbersOfMove(request.move)) proposal[field] = proposeField(field, request);
  return proposal;
}

/** The optimiser's view of a recipe; empty where nothing is trained. */
export function numbersOf(recipe: Recipe): Numbers {
  if (recipe.training === null) return {};
  const { learningRate, rank, epochs, dropout, weightDecay, tokensPerStep } = recipe.training;
  return { learningRate, rank, epochs, dropout, weightDecay, tokensPerStep };
}

function proposeField(field: NumericField, request: NumberRequest): number {
  const ofMove = boundsOfMove(request.move, field, request.parent);
  const asked = request.bounds?.[field];
  const lowest = toUnit(field, Math.max(ofMove.minimum, asked?.minimum ?? ofMove.minimum));
  const highest = Math.max(lowest, toUnit(field, Math.min(ofMove.maximum, asked?.maximum ?? ofMove.maximum)));
  const parentUnit = toUnit(field, request.parent.training?.[field] ?? priors[field]);
  const levels = distinctLevels(field, request.observations);
  const step = smallestStep(field);
  const range = { lowest, highest, step };
  const draw = levels.length >= fewestDistinct ? parzenDraw(levels, range, request.random) : nearBestDraw(levels, parentUnit, range, request.random);

  let chosen = draw(parentUnit);
  // A value the rounding or the bounds pushed back onto the parent's is moved to the roomier side.
  if (Math.abs(chosen - parentUnit) < step) chosen = highest - parentUnit > parentUnit - lowest ? parentUnit + step : parentUnit - step;
  return roundField(field, fromUnit(field, Math.min(highest, Math.max(lowest, chosen))), ofMove, asked);
}

interface Level {
  readonly unit: number;
  /** Mean over the nodes with this value; -Infinity when all failed. */
  readonly reward: number;
}

/** One entry a distinct value: most nodes share the default, and must not outvote the few that tried something else. */
function distinctLevels(field: NumericField, observations: readonly Observation[]): readonly Level[] {
  const groups = new Map<number, number[]>();
  for (const { numbers, reward } of observations) {
    const value = numbers[field];
    if (value === undefined) continue;
    const key = Math.round(toUnit(field, value) / 0.02);
    groups.set(key, [...(groups.get(key) ?? []), reward ?? Number.NEGATIVE_INFINITY]);
  }
  return [...groups].map(([key, rewards]) => {
    const scored = rewards.filter(Number.isFinite);
    return { unit: key * 0.02, reward: scored.length === 0 ? Number.NEGATIVE_INFINITY : scored.reduce((sum, each) => sum + each, 0) / scored.length };
  });
}

type Draw = (parentUnit: number) => number;
interface Range {
  readonly lowest: number;
  readonly highest: number;
  readonly step: number;
}

function nearBestDraw(levels: readonly Level[], parentUnit: number, { lowest, highest, step }: Range, random: () => number): Draw {
  const best = levels.filter((level) => Number.isFinite(level.reward)).reduce<Level | null>((top, level) => (top === null || level.reward > top.reward ? level : top), null);
  const centre = Math.min(highest, Math.max(lowest, best?.unit ?? parentUnit));
  return (avoid) => {
    let chosen = centre;
    for (let attempt = 0; attempt < 16; attempt += 1) {
      chosen = centre + spread * randomNormal(random);
      const taken = Math.abs(chosen - avoid) < step || levels.some((level) => Math.abs(level.unit - chosen) < step);
      if (chosen >= lowest && chosen <= highest && !taken) return chosen;
    }
    return Math.min(highest, Math.max(lowest, chosen));
  };
}

function parzenDraw(levels: readonly Level[], { lowest, highest, step }: Range, random: () => number): Draw {
  const ranked = [...levels].sort((left, right) => right.reward - left.reward);
  const goodCount = Math.max(1, Math.ceil(goodShare * ranked.length));
  const good = ranked.slice(0, goodCount).filter((level) => Number.isFinite(level.reward));
  const rest = ranked.slice(goodCount);
  if (good.length === 0) return () => lowest + (highest - lowest) * random();
  const width = Math.max(0.06, 0.25 * levels.length ** -0.4);
  const density = (points: readonly Level[], unit: number): number =>
    flatShare + ((1 - flatShare) * points.reduce((sum, point) => sum + Math.exp(-(((unit - point.unit) / width) ** 2) / 2), 0)) / (points.length * width * Math.sqrt(2 * Math.PI));
  return (avoid) => {
    let best = { unit: lowest + (highest - lowest) * random(), ratio: Number.NEGATIVE_INFINITY };
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      const centre = good[Math.floor(random() * good.length)]?.unit ?? lowest;
      const flat = random() < flatShare;
      const unit = flat ? lowest + (highest - lowest) * random() : centre + width * randomNormal(random);
      if (unit < lowest || unit > highest || Math.abs(unit - avoid) < step) continue;
      const ratio = density(good, unit) / density(rest, unit);
      if (ratio > best.ratio) best = { unit, ratio };
    }
    return best.unit;
  };
}

/** Position of a value in its field's range, 0 to 1. */
export function toUnit(field: NumericField, value: number): number {
  const { minimum, maximum, log } = numericFields[field];
  return log ? Math.log(value / minimum) / Math.log(maximum / minimum) : (value - minimum) / (maximum - minimum);
}

export function fromUnit(field: NumericField, unit: number): number {
  const { minimum, maximum, log } = numericFields[field];
  return log ? minimum * (maximum / minimum) ** unit : minimum + (maximum - minimum) * unit;
}

/** Numbers people can read: powers of two for the rank, whole 64s of tokens, two significant digits elsewhere. */
function roundField(field: NumericField, value: number, ...limits: readonly ({ readonly minimum: number; readonly maximum: number } | undefined)[]): number {
  const minimum = Math.max(numericFields[field].minimum, ...limits.map((limit) => limit?.minimum ?? 0));
  const maximum = Math.min(numericFields[field].maximum, ...limits.map((limit) => limit?.maximum ?? Number.POSITIVE_INFINITY));
  const rounded = field === "rank" ? 2 ** Math.round(Math.log2(value)) : field === "tokensPerStep" ? 64 * Math.round(value / 64) : Number(value.toPrecision(2));
  return Math.min(maximum, Math.max(minimum, rounded));
}
