import { describe, expect, it } from "vitest";
import { bootstrapInterval, createRandom, deriveSeed, estimateOf, exactMcNemar, holm, mean, median, normalCdf, normalQuantile, pairedGain, pairedTest, quantile, randomNormal, standardDeviation, standardError, wilsonInterval } from "./index.js";
import { xoshiro128 } from "./random.js";

const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

describe("random numbers", () => {
  it("match the generator's reference vector", () => {
    const next = xoshiro128(1, 2, 3, 4);
    expect(range(10).map(next)).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]);
  });

  it("repeat with the seed and differ without", () => {
    const draw = (seed: number): number[] => range(5).map(createRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    const firsts = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 52 + 1].map((seed) => draw(seed)[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("are uniform: chi-square over 20 bins, for neighbouring seeds' first draws as well", () => {
    const chiSquare = (values: readonly number[]): number => {
      const counts = new Array<number>(20).fill(0);
      for (const value of values) counts[Math.floor(value * 20)]! += 1;
      return counts.reduce((sum, count) => sum + (count - values.length / 20) ** 2 / (values.length / 20), 0);
    };
    const random = createRandom(3);
    // 19 degrees of freedom: 43.8 is exceeded once in a thousand.
    expect(chiSquare(range(20_000).map(() => random()))).toBeLessThan(43.8);
    expect(chiSquare(range(20_000).map((seed) => createRandom(seed)()))).toBeLessThan(43.8);
  });

  it("derive seeds that depend on every part and its kind", () => {
    const seeds = [deriveSeed(1, "a"), deriveSeed(2, "a"), deriveSeed(1, "b"), deriveSeed(1, "a", 1), deriveSeed(1, "a", "1"), deriveSeed(1, "a1"), deriveSeed(1)];
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(deriveSeed(1, "node", 7)).toBe(deriveSeed(1, "node", 7));
  });

  it("give normal draws of mean 0 and deviation 1", () => {
    const random = createRandom(5);
    const draws = range(20_000).map(() => randomNormal(random));
    expect(Math.abs(mean(draws))).toBeLessThan(0.03);
    expect(standardDeviation(draws)).toBeCloseTo(1, 1);
    expect(draws.filter((draw) => Math.abs(draw) < 1.959964).length / draws.length).toBeCloseTo(0.95, 2);
  });
});

describe("summaries", () => {
  it("agree with values computed by hand", () => {
    expect(mean([1, 2, 3, 4])).toBe(2.5);
    expect(mean([])).toBeNaN();
    expect(mean([1e100, 1, -1e100])).toBeCloseTo(1 / 3, 12);
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
    expect(standardError([0, 1, 1, 0])).toBeCloseTo(Math.sqrt(1 / 3) / 2, 12);
    expect(standardError([1])).toBeNaN();
    expect([0, 0.25, 0.5, 0.9, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 1.75, 2.5, 3.7, 4]);
    expect(median([9, 1, 5])).toBe(5);
  });
});

describe("the normal distribution", () => {
  it("agrees with tables to 12 digits and far into the tail", () => {
    for (const [z, p] of [[0, 0.5], [1.96, 0.9750021048517795], [-1, 0.15865525393145707], [3.9, 0.9999519036559824], [4.1, 0.9999793424930875], [-5, 2.866515718791939e-7], [-10, 7.619853024160527e-24]] as const) {
      expect(normalCdf(z) / p, `z ${z}`).toBeCloseTo(1, 11);
    }
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.995)).toBeCloseTo(2.5758293035489004, 12);
    expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 9);
    expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)]).toEqual([-Infinity, 0, Infinity]);
    expect(normalQuantile(1.1)).toBeNaN();
  });

  it("inverts itself", () => {
    for (let p = 1e-6; p < 1; p += 0.0137) expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
  });
});

describe("Wilson's interval", () => {
  it("agrees with Newcombe (1998), table I", () => {
    for (const [x, n, low, high] of [[81, 263, 0.2553, 0.3662], [15, 148, 0.0624, 0.1605], [0, 20, 0, 0.1611], [1, 29, 0.0061, 0.1718]] as const) {
      const [a, b] = wilsonInterval(x, n);
      expect(a).toBeCloseTo(low, 4);
      expect(b).toBeCloseTo(high, 4);
    }
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
    expect(wilsonInterval(20, 20)[1]).toBe(1);
  });

  it("covers the truth in about 95 of 100 cases", () => {
    const random = createRandom(11);
    for (const rate of [0.05, 0.3, 0.7, 0.95]) {
      const covered = range(3000).filter(() => {
        const [low, high] = wilsonInterval(range(60).filter(() => random() < rate).length, 60);
        return low <= rate && rate <= high;
      }).length;
      expect(covered / 3000).toBeGreaterThan(0.925);
      expect(covered / 3000).toBeLessThan(0.98);
    }
  });
});

describe("the BCa bootstrap", () => {
  it("covers a skewed mean better than 91 of 100 times, and lies further out on the long side", () => {
    const random = createRandom(13);
    let covered = 0;
    let skewed = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round += 1) {
      const values = range(50).map(() => -Math.log(1 - random()));
      const [low, high] = bootstrapInterval(values, round, 800);
      covered += low <= 1 && 1 <= high ? 1 : 0;
      skewed += high - mean(values) > mean(values) - low ? 1 : 0;
    }
    expect(covered / rounds).toBeGreaterThan(0.91);
    expect(covered / rounds).toBeLessThan(0.985);
    expect(skewed / rounds).toBeGreaterThan(0.9);
  });

  it("is close to the normal interval where that is right", () => {
    const random = createRandom(17);
    const values = range(1000).map(() => randomNormal(random));
    const [low, high] = bootstrapInterval(values, 1);
    const half = 1.96 * standardError(values);
    expect(low).toBeCloseTo(mean(values) - half, 2);
    expect(high).toBeCloseTo(mean(values) + half, 2);
  });

  it("moves and grows with its data, repeats with its seed, and mirrors with the sign", () => {
    const values = [0, 0, 0.25, 0.5, 0.75, 1, 1, 0, 0.5, 0.25, 3];
    const [low, high] = bootstrapInterval(values, 9);
    expect(bootstrapInterval(values, 9)).toEqual([low, high]);
    const [shiftedLow, shiftedHigh] = bootstrapInterval(values.map((value) => 2 * value + 10), 9);
    expect(shiftedLow).toBeCloseTo(2 * low + 10, 9);
    expect(shiftedHigh).toBeCloseTo(2 * high + 10, 9);
    const [mirroredLow, mirroredHigh] = bootstrapInterval(values.map((value) => -value), 9);
    expect(mirroredLow).toBeCloseTo(-high, 1);
    expect(mirroredHigh).toBeCloseTo(-low, 1);
  });
});

describe("estimateOf", () => {
  it("uses Wilson for rates and the bootstrap for the rest", () => {
    const rates = range(100).map((index) => (index < 30 ? 1 : 0));
    expect(estimateOf(rates, 1)).toEqual({ score: 0.3, ci: [...wilsonInterval(30, 100)], n: 100 });
    const scores = range(100).map((index) => (index % 5) / 4);
    expect(estimateOf(scores, 1)).toEqual({ score: 0.5, ci: [...bootstrapInterval(scores, 1)], n: 100 });
  });

  it("admits that a few equal scores prove little", () => {
    const { ci } = estimateOf(new Array<number>(10).fill(0.5), 1);
    // 1 - 0.025^(1/10) = 0.3085 is what zero deviations in ten leave open (Clopper and Pearson).
    expect(ci[0]).toBeCloseTo(0.5 * (1 - 0.30850), 4);
    expect(ci[1]).toBeCloseTo(0.5 * (1 - 0.30850) + 0.30850, 4);
    expect(estimateOf([-2.5, -2.5], 1).ci).toEqual([-2.5, -2.5]);
    expect(estimateOf([], 1)).toEqual({ score: NaN, ci: [NaN, NaN], n: 0 });
  });
});

describe("pairedGain", () => {
  it("is the mean difference; pairing makes its interval narrower than the two apart", () => {
    const random = createRandom(23);
    const base = range(200).map(() => random());
    const candidate = base.map((score) => Math.min(1, score + 0.05 + 0.02 * random()));
    const gain = pairedGain(base, candidate, 1);
    expect(gain.score).toBeCloseTo(mean(candidate) - mean(base), 12);
    const [low, high] = gain.ci;
    expect(low).toBeGreaterThan(0.04);
    expect(high - low).toBeLessThan(0.1 * (bootstrapInterval(base, 1)[1] - bootstrapInterval(base, 1)[0]));
  });

  it("covers the true gain of paired right-or-wrong items in about 95 of 100 cases", () => {
    const random = createRandom(29);
    const rounds = 300;
    let covered = 0;
    for (let round = 0; round < rounds; round += 1) {
      const items = range(100).map(() => random());
      const base = items.map((item) => (item < 0.5 ? 1 : 0));
      const candidate = items.map((item) => (item < 0.4 || (item > 0.5 && item < 0.7) ? 1 : 0));
      const { ci } = pairedGain(base, candidate, round, 2000);
      covered += ci[0] <= 0.1 + 1e-9 && 0.1 - 1e-9 <= ci[1] ? 1 : 0;
    }
    expect(covered / rounds).toBeGreaterThan(0.91);
    expect(covered / rounds).toBeLessThan(0.99);
  });

  it("leaves room on both sides when no item differs, and refuses unequal lengths", () => {
    const { score, ci } = pairedGain([1, 0, 1, 1], [1, 0, 1, 1], 1);
    expect(score).toBe(0);
    expect(ci[0]).toBeLessThan(-0.3);
    expect(ci[1]).toBeGreaterThan(0.3);
    expect(() => pairedGain([1], [1, 0], 1)).toThrow(RangeError);
  });
});

describe("paired tests", () => {
  it("McNemar is the exact binomial", () => {
    expect(exactMcNemar(1, 9)).toBeCloseTo(22 / 1024, 14);
    expect(exactMcNemar(9, 1)).toBeCloseTo(22 / 1024, 14);
    expect(exactMcNemar(0, 6)).toBeCloseTo(2 / 64, 14);
    expect(exactMcNemar(5, 5)).toBe(1);
    expect(exactMcNemar(0, 0)).toBe(1);
    expect(exactMcNemar(1000, 1400)).toBeGreaterThan(0);
    expect(exactMcNemar(1000, 1400)).toBeLessThan(1e-15);
  });

  it("uses McNemar for right-or-wrong items", () => {
    const base = [...new Array<number>(10).fill(0).map((_, index) => (index === 0 ? 1 : 0)), 1, 1, 0];
    const candidate = [...new Array<number>(10).fill(0).map((_, index) => (index === 0 ? 0 : 1)), 1, 1, 0];
    expect(pairedTest(base, candidate)).toEqual({ pValue: exactMcNemar(1, 9), method: "exact McNemar" });
    expect(pairedTest(base, base)).toEqual({ pValue: 1, method: "no difference" });
  });

  it("reproduces Fisher's exhaustive test of Darwin's maize (1935): 1726 of 32768", () => {
    const differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    const { pValue, method } = pairedTest(differences.map(() => 0), differences);
    expect(method).toBe("exact sign flips");
    expect(pValue).toBeCloseTo(1726 / 32768, 12);
  });

  it("draws when there are too many, close to the exact answer, and never gives zero", () => {
    const differences = range(17).map((index) => (index % 3 === 0 ? -1.5 : 1));
    const sums = range(2 ** 17).filter((pattern) => Math.abs(differences.reduce((sum, value, bit) => sum + ((pattern >> bit) & 1 ? -value : value), 0)) >= 2 - 1e-9).length;
    const { pValue, method } = pairedTest(differences.map(() => 0), differences, 3);
    expect(method).toBe("sign flips, 20,000 draws");
    expect(Math.abs(pValue - sums / 2 ** 17)).toBeLessThan(0.02);
    expect(pairedTest(range(40).map(() => 0), range(40).map(() => 0.7)).pValue).toBeCloseTo(1 / 20_001, 6);
  });

  it("rejects a true null about five times in a hundred", () => {
    const random = createRandom(31);
    const rejected = range(1000).filter(() => {
      const base = range(12).map(() => random());
      return pairedTest(base, base.map((value) => value + randomNormal(random))).pValue <= 0.05;
    }).length;
    expect(rejected / 1000).toBeGreaterThan(0.03);
    expect(rejected / 1000).toBeLessThan(0.07);
  });
});

it("Holm's correction agrees with R's p.adjust", () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  for (const [index, expected] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[index]).toBeCloseTo(expected, 12);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
