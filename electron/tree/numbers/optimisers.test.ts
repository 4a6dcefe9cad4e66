import { describe, expect, it } from "vitest";
import { createRandom, mean } from "../../stats/index.js";
import { askCmaEs, cmaEsAfter, populationSize, startCmaEs, tellCmaEs } from "./cma-es.js";
import { reflect, tpeCandidates, type ScoredPoint } from "./tpe.js";

const dimensions = 4;
const seeds = Array.from({ length: 20 }, (_, seed) => seed);
const optimum = [0.2, 0.7, 0.4, 0.85];
/** Best at `optimum`; the second coordinate matters ten times as much as the others. */
const sphere = (point: readonly number[]): number => -point.reduce((sum, value, index) => sum + (index === 1 ? 10 : 1) * (value - optimum[index]!) ** 2, 0);
const scored = (points: readonly (readonly number[])[]): ScoredPoint[] => points.map((point) => ({ point, value: sphere(point) }));
const uniform = (count: number, random: () => number): number[][] => Array.from({ length: count }, () => Array.from({ length: dimensions }, random));

describe("TPE", () => {
  it("gets nearer to the best of a sphere than drawing evenly does, at the same number of points", () => {
    const best = (history: readonly ScoredPoint[]): number => Math.max(...history.map(({ value }) => value));
    const gains = seeds.map((seed) => {
      const random = createRandom(seed);
      let history = scored(uniform(10, random));
      for (let step = 0; step < 30; step += 1) history = [...history, ...scored(tpeCandidates(history, dimensions, 1, random))];
      return best(history) - best(scored(uniform(40, createRandom(1000 + seed))));
    });
    expect(mean(gains)).toBeGreaterThan(0);
    expect(gains.filter((gain) => gain > 0).length).toBeGreaterThan(13);
  });
  it("draws evenly while it knows too little, inside the cube, and repeats with its stream", () => {
    const few = tpeCandidates(scored(uniform(3, createRandom(1))), dimensions, 400, createRandom(2));
    expect(mean(few.map(([first]) => first!))).toBeCloseTo(0.5, 1);
    const many = tpeCandidates(scored(uniform(30, createRandom(1))), dimensions, 50, createRandom(2));
    expect(many.flat().every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(tpeCandidates(scored(uniform(30, createRandom(1))), dimensions, 50, createRandom(2))).toEqual(many);
  });
});

describe("CMA-ES", () => {
  it("converges on a sphere that is ten times as steep one way", () => {
    for (const seed of seeds.slice(0, 5)) {
      const random = createRandom(seed);
      let state = startCmaEs([0.5, 0.5, 0.5, 0.5], 0.2);
      for (let generation = 0; generation < 60; generation += 1) state = tellCmaEs(state, scored(askCmaEs(state, populationSize(dimensions), random)));
      state.mean.forEach((value, index) => expect(value).toBeCloseTo(optimum[index]!, 1));
      expect(state.sigma).toBeLessThan(0.1);
    }
  });
  it("learns from points it did not draw: it moves towards the good ones and keeps its covariance positive definite", () => {
    const after = cmaEsAfter(scored(uniform(40, createRandom(3))), [0.5, 0.5, 0.5, 0.5]);
    expect(after.generations).toBe(40 / populationSize(dimensions));
    const gains = seeds.map((seed) => sphere(cmaEsAfter(scored(uniform(40, createRandom(seed))), [0.5, 0.5, 0.5, 0.5]).mean) - sphere([0.5, 0.5, 0.5, 0.5]));
    expect(mean(gains)).toBeGreaterThan(0.05);
    const draws = askCmaEs(after, 500, createRandom(4));
    expect(draws.flat().every((value) => Number.isFinite(value) && value >= 0 && value <= 1)).toBe(true);
    expect(mean(draws.map(([, second]) => second!))).toBeCloseTo(after.mean[1]!, 1);
  });
  it("is not thrown far by one far point", () => {
    const start = startCmaEs([0.5, 0.5, 0.5, 0.5], 0.02);
    const moved = tellCmaEs(start, scored([optimum, [0.5, 0.5, 0.5, 0.5], [0.51, 0.5, 0.5, 0.5], [0.5, 0.51, 0.5, 0.5]]));
    // Clipped at sqrt(n) + 2n / (n + 2) standard deviations.
    expect(Math.hypot(...moved.mean.map((value) => value - 0.5))).toBeLessThan(0.02 * (2 + 8 / 6));
  });
});

describe("reflect", () => {
  it("folds a step back at the ends", () => {
    expect([-0.2, 0.3, 1.1, 2.4, -1.3].map(reflect).map((value) => Number(value.toFixed(10)))).toEqual([0.2, 0.3, 0.9, 0.4, 0.7]);
  });
});
