import { describe, expect, it } from "vitest";
import { createRandom, mean, normalCdf, randomNormal } from "../../stats/index.js";
import { expectedImprovement, expectedPositivePart } from "./acquisition.js";
import { fitCost } from "./cost-model.js";
import { effectPriors } from "./effect-priors.js";
import { latentScale } from "./latent-scale.js";
import { observationsOf, rungLink } from "./observations.js";
import { featuresOf } from "./recipe-features.js";
import { combineParts, kernelParts, kernelValue } from "./recipe-kernel.js";
import { fitSurrogate } from "./surrogate.js";
import { applyMove } from "../recipes/apply-move.js";
import { plainFacts } from "../test-facts.js";
import { base, initial, node, withTraining } from "../policy/test-state.js";

const facts = { ...plainFacts, parent: null };
const features = (recipe = initial): ReturnType<typeof featuresOf> => featuresOf(recipe, () => undefined, plainFacts.formatRules);
const priors = effectPriors([], 3);
const scale = latentScale({ reference: 1, baselineScore: 0.3, noise: 0.03 });
const recipes = [initial, withTraining({ learningRate: 2e-3 }), withTraining({ targets: "mlp", rank: 64 }), applyMove(initial, "halve-data", {}, facts), applyMove(base.recipe, "format-rules", {}, facts), applyMove(initial, "few-shot", {}, facts), base.recipe];

describe("the kernel", () => {
  it("is symmetric, positive definite, and the same in parts and at once", () => {
    const scales = { additive: 1.7, joint: 0.3, length: 2 };
    for (const left of recipes) for (const right of recipes) {
      const value = kernelValue(features(left), features(right), scales);
      expect(value).toBeCloseTo(kernelValue(features(right), features(left), scales), 12);
      expect(value).toBeCloseTo(combineParts(kernelParts(features(left), features(right)), scales), 12);
    }
    const random = createRandom(3);
    // xᵀ K x > 0 for any weights: the definition, without the factorisation that production uses.
    for (let draw = 0; draw < 50; draw += 1) {
      const weights = recipes.map(() => randomNormal(random));
      const form = recipes.reduce((sum, left, i) => sum + recipes.reduce((inner, right, j) => inner + weights[i]! * weights[j]! * kernelValue(features(left), features(right), scales), 0), 0);
      expect(form).toBeGreaterThan(0);
    }
  });
  it("counts the passes of the adapter that a warm start goes on from", () => {
    const warm = withTraining({ warmStartFrom: "n1", epochs: 2 });
    const epochs = (of: typeof initial, from?: typeof initial): number => featuresOf(of, () => from, null).numbers[2]!;
    expect(epochs(warm, withTraining({ epochs: 2 }))).toBeCloseTo(epochs(withTraining({ epochs: 3.6 })), 12);
    expect(epochs(warm)).toBe(epochs(initial));
    const loop = featuresOf(warm, () => warm, null);
    expect(Number.isFinite(loop.numbers[2])).toBe(true);
  });
});

describe("the surrogate", () => {
  const noisy = (score: (rate: number) => number, count: number, error: number, seed = 1): ReturnType<typeof observationsOf> => {
    const random = createRandom(seed);
    const nodes = Array.from({ length: count }, (_, index) => {
      const learningRate = 2e-5 * 200 ** ((index + 0.5) / count);
      return node(`n${index}`, null, Math.min(0.99, Math.max(0.01, score(learningRate) + error * randomNormal(random))), { recipe: withTraining({ learningRate }), standardError: error });
    });
    return observationsOf(nodes, scale, error, null, null);
  };
  const rates = [3e-5, 1e-4, 3e-4, 1e-3, 3e-3];
  const truth = (rate: number): number => 0.7 - 0.15 * (Math.log10(rate) + 3) ** 2;

  it("finds the shape behind noisy scores and knows how sure it is", () => {
    const inside: number[] = [];
    for (let seed = 0; seed < 20; seed += 1) {
      const surrogate = fitSurrogate(noisy(truth, 24, 0.03, seed), priors);
      for (const learningRate of rates) {
        const { mean: predicted, variance } = surrogate.predict(features(withTraining({ learningRate })));
        inside.push(Math.abs(predicted - scale.toLatent(truth(learningRate))) < 2 * Math.sqrt(variance) ? 1 : 0);
      }
      const best = rates.reduce((top, rate) => (surrogate.predict(features(withTraining({ learningRate: rate }))).mean > surrogate.predict(features(withTraining({ learningRate: top }))).mean ? rate : top), rates[0]!);
      expect([3e-4, 1e-3, 3e-3]).toContain(best);
    }
    expect(mean(inside)).toBeGreaterThan(0.85);
  });
  it("is less sure the farther it looks, and of a difference than of nothing", () => {
    const surrogate = fitSurrogate(noisy(truth, 12, 0.01), priors);
    const near = surrogate.predict(features(withTraining({ learningRate: 4e-4 })));
    const far = surrogate.predict(features(withTraining({ learningRate: 4e-4, targets: "attention", dropout: 0.2, epochs: 8 })));
    expect(far.variance).toBeGreaterThan(3 * near.variance);
    expect(surrogate.covariance(near, near)).toBeCloseTo(near.variance, 8);
    expect(Math.abs(surrogate.covariance(near, far))).toBeLessThanOrEqual(Math.sqrt(near.variance * far.variance) + 1e-9);
  });
  it("carries an effect seen on one branch over to another", () => {
    const conflicts = { operator: "drop-conflicts" } as const;
    const with_ = (recipe: typeof initial): typeof initial => ({ ...recipe, data: [...recipe.data, conflicts] });
    const nodes = [0, 0.05, 0.1, 0.15].flatMap((dropout, index) => [
      node(`a${index}`, null, 0.6, { recipe: withTraining({ dropout }), standardError: 0.01 }), node(`b${index}`, null, 0.68, { recipe: with_(withTraining({ dropout })), standardError: 0.01 }),
    ]);
    const surrogate = fitSurrogate(observationsOf(nodes, scale, 0.01, null, null), priors);
    const elsewhere = withTraining({ targets: "mlp", rank: 32, alpha: 64 });
    expect(surrogate.predict(features(with_(elsewhere))).mean - surrogate.predict(features(elsewhere)).mean).toBeGreaterThan(0.15);
  });
  it("without observations is the prior", () => {
    const surrogate = fitSurrogate([], priors);
    const difference = surrogate.predict(features(applyMove(initial, "halve-data", {}, facts))).mean - surrogate.predict(features()).mean;
    expect(difference).toBeCloseTo(priors.meanOf(features(applyMove(initial, "halve-data", {}, facts))) - priors.meanOf(features()), 12);
    expect(difference).toBeLessThan(0);
  });
});

describe("pilots", () => {
  const both = (offset: number): ReturnType<typeof node>[] => [0.5, 0.6, 0.7, 0.65].map((reward, index) => node(`n${index}`, null, reward, { pilot: { score: scale.toScore(scale.toLatent(reward) - offset), standardError: 0.04 } }));
  it("count with their offset and a larger error the less they foretell", () => {
    expect(rungLink(both(0.3), scale, null)!.offset).toBeCloseTo(0.3, 10);
    expect(rungLink(both(0.3), scale, { spearman: 0.9, n: 12 })!.deviation).toBeLessThan(rungLink(both(0.3), scale, { spearman: 0.1, n: 12 })!.deviation);
    expect(rungLink([], scale, null)).toBeNull();
    const link = rungLink(both(0.3), scale, null);
    const [stopped] = observationsOf([node("p", null, null, { status: "pruned", pilot: { score: 0.5, standardError: 0.05 } })], scale, 0.03, link, null);
    expect(stopped!.value).toBeCloseTo(scale.toLatent(0.5) + 0.3, 10);
    expect(stopped!.rungError).toBeGreaterThan(0);
    expect(observationsOf([node("p", null, null, { status: "pruned", pilot: { score: 0.5, standardError: 0.05 } })], scale, 0.03, null, null)).toEqual([]);
  });
});

describe("the latent scale", () => {
  it("goes there and back, and carries errors along", () => {
    for (const score of [0.02, 0.3, 0.77, 0.98]) expect(scale.toScore(scale.toLatent(score))).toBeCloseTo(score, 12);
    const step = 1e-5;
    expect(scale.errorAt(0.3, step)).toBeCloseTo(scale.toLatent(0.3 + step) - scale.toLatent(0.3), 8);
    expect(Number.isFinite(scale.toLatent(1)) && Number.isFinite(scale.toLatent(0))).toBe(true);
    const unbounded = latentScale({ reference: null, baselineScore: -2.3, noise: 0.02 });
    expect(unbounded.toLatent(-2.3)).toBe(0);
    expect(unbounded.toScore(unbounded.toLatent(-1.9))).toBeCloseTo(-1.9, 12);
    expect(unbounded.errorAt(-2, 0.02)).toBeCloseTo(0.15, 12);
  });
});

describe("expected improvement", () => {
  it("is the mean of the positive part", () => {
    const random = createRandom(1);
    const draws = Array.from({ length: 200_000 }, () => Math.max(0, -0.2 + 0.5 * randomNormal(random)));
    expect(expectedPositivePart(-0.2, 0.5)).toBeCloseTo(mean(draws), 2);
    expect([expectedPositivePart(0.3, 0), expectedPositivePart(-0.3, 0)]).toEqual([0.3, 0]);
    expect(expectedPositivePart(0, 1)).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 12);
    expect(normalCdf(0)).toBe(0.5);
  });
  it("counts only what one noisy score can show once the budget is spent", () => {
    const at = (refinement: number, noiseVariance: number): number => expectedImprovement({ mean: -0.1, variance: 0.09, ownVariance: 0.08, covarianceWithOwn: 0.07, noiseVariance, refinement });
    expect(at(1, 0.05)).toBeLessThan(at(0, 0.05));
    expect(at(1, 0.5)).toBeLessThan(at(1, 0.05));
    expect(at(0, 0.5)).toBe(at(0, 0.05));
  });
});

describe("the cost model", () => {
  const cost = (nodes: Parameters<typeof fitCost>[0]): ReturnType<typeof fitCost> => fitCost(nodes, plainFacts, 60_000);
  it("follows epochs, rows and prompts, and learns what they cost here", () => {
    const blind = cost([]);
    expect(blind.costOf(withTraining({ epochs: 4 }))).toBeGreaterThan(1.5 * blind.costOf(initial));
    expect(blind.costOf(base.recipe)).toBeLessThan(0.3 * blind.costOf(initial));
    expect(blind.costOf(applyMove(initial, "few-shot", {}, facts))).toBeGreaterThan(2 * blind.costOf(initial));
    const timed = cost([{ ...base, costMs: 5000 }, node("a", null, 0.6, { costMs: 105_000 }), node("b", null, 0.6, { costMs: 205_000, recipe: withTraining({ epochs: 4 }) }), node("hung", null, 0.6, { costMs: 9e6 })]);
    expect(timed.costOf(initial) / 105_000).toBeCloseTo(1, 1);
    expect(timed.costOf(base.recipe)).toBeCloseTo(5000, 6);
    expect(timed.pilotOf(initial)).toBeLessThan(0.5 * timed.costOf(initial));
    const short = applyMove(base.recipe, "few-shot", {}, facts);
    const slow = cost([{ ...base, costMs: 5000 }, ...[1, 2, 3].map((id) => node(`s${id}`, null, 0.4, { recipe: short, costMs: 40_000 }))]);
    expect(slow.evaluationOf(short)).toBeGreaterThan(25_000);
  });
  it("takes a pilot's price out of a node that had one", () => {
    const piloted = cost([{ ...base, costMs: 5000 }, node("a", null, 0.6, { costMs: 3000 + 1.3 * 100_000 + 1.4 * 5000, pilot: { score: 0.5, standardError: 0.05 } })]);
    expect(piloted.costOf(initial)).toBeCloseTo(3000 + 100_000 + 5000, -2);
  });
});
