import { randomNormal } from "../../stats/index.js";

/** A point in the unit cube with what it was worth. */
export interface ScoredPoint {
  readonly point: readonly number[];
  readonly value: number;
}

/** Share of each density that is flat over the cube: no region is ever given up for good. */
const flatShare = 0.15;
const goodShare = 0.25;
const fewestPoints = 4;
const drawsEach = 5;

/**
 * Points that a Tree-structured Parzen Estimator would try next (Bergstra et al. 2011), all coordinates at once: drawn from
 * the density of the good quarter, and of several draws the one of the highest ratio to the density of the rest. With
 * too few points, uniform draws.
 */
export function tpeCandidates(points: readonly ScoredPoint[], dimensions: number, count: number, random: () => number): number[][] {
  const uniform = (): number[] => Array.from({ length: dimensions }, random);
  if (points.length < fewestPoints) return Array.from({ length: count }, uniform);
  const ranked = [...points].sort((left, right) => right.value - left.value);
  const good = ranked.slice(0, Math.max(2, Math.ceil(goodShare * ranked.length)));
  const rest = ranked.slice(good.length);
  const width = Math.max(0.07, 0.3 * points.length ** (-1 / (4 + dimensions)));
  const density = (of: readonly ScoredPoint[], point: readonly number[]): number => {
    const norm = (width * Math.sqrt(2 * Math.PI)) ** dimensions;
    const sum = of.reduce((total, each) => total + Math.exp(-point.reduce((square, value, index) => square + ((value - (each.point[index] ?? 0)) / width) ** 2, 0) / 2) / norm, 0);
    return flatShare + ((1 - flatShare) * sum) / Math.max(1, of.length);
  };
  const draw = (): number[] => {
    if (random() < flatShare) return uniform();
    const centre = good[Math.floor(random() * good.length)];
    return Array.from({ length: dimensions }, (_, index) => reflect((centre?.point[index] ?? 0.5) + width * randomNormal(random)));
  };
  return Array.from({ length: count }, () => {
    let best = draw();
    let bestRatio = density(good, best) / density(rest, best);
    for (let other = 1; other < drawsEach; other += 1) {
      const point = draw();
      const ratio = density(good, point) / density(rest, point);
      if (ratio > bestRatio) [best, bestRatio] = [point, ratio];
    }
    return best;
  });
}

/** Back into 0..1 where a step left it; a clamp would pile points up at the ends. */
export function reflect(value: number): number {
  const folded = Math.abs(value) % 2;
  return folded > 1 ? 2 - folded : folded;
}
