import { describe, expect, it } from "vitest";
import type { FailureClass, Recipe } from "../../contract/index.js";
import { plainFacts } from "../test-facts.js";
import { initialRecipe } from "../recipes/initial-recipe.js";
import { fitFeasibility, type TrainingEnd } from "./feasibility.js";

const initial = initialRecipe(plainFacts);
const reference = initial.training!;
const withTraining = (change: Partial<NonNullable<Recipe["training"]>>): Recipe => ({ ...initial, training: { ...reference, ...change } });
const ended = (change: Partial<NonNullable<Recipe["training"]>>, failure: FailureClass | null): TrainingEnd => ({ recipe: withTraining(change), failure });
const at = (ends: readonly TrainingEnd[], change: Partial<NonNullable<Recipe["training"]>>): number => fitFeasibility(ends, reference).probabilityOf(withTraining(change));

describe("feasibility", () => {
  it("expects the default to train, and what asks for nothing always to", () => {
    expect(at([], {})).toBeGreaterThan(0.85);
    expect(fitFeasibility([], reference).probabilityOf({ ...initial, training: null })).toBe(1);
  });
  it("falls with what makes a training larger, hotter or longer, whatever was seen", () => {
    const ends = [ended({}, null), ended({ rank: 64, tokensPerStep: 8192 }, "OOM"), ended({ learningRate: 2e-3 }, "DIVERGED"), ended({ epochs: 8 }, "TIMEOUT")];
    for (const seen of [[], ends]) {
      for (const [field, values] of [["rank", [2, 8, 32, 64]], ["tokensPerStep", [512, 2048, 4096, 8192]], ["learningRate", [1e-4, 1e-3, 3e-3, 1e-2]], ["epochs", [1, 3, 6, 8]], ["maxSequenceTokens", [64, 512, 4096]]] as const) {
        // A larger step tolerates a higher rate, so the rate is kept low where the step grows.
        const probabilities = values.map((value) => at(seen, { learningRate: 5e-5, [field]: value }));
        for (let index = 1; index < probabilities.length; index += 1) expect(probabilities[index]!, `${field} ${values[index]!}`).toBeLessThanOrEqual(probabilities[index - 1]! + 1e-6);
      }
    }
  });
  it("learns where memory ends from one failure beside successes", () => {
    const ends = [ended({}, null), ended({ rank: 32 }, null), ended({ rank: 64, tokensPerStep: 4096 }, "OOM")];
    expect(at(ends, { rank: 64, tokensPerStep: 8192 })).toBeLessThan(0.1);
    expect(at(ends, { rank: 32, tokensPerStep: 1024 })).toBeGreaterThan(0.9);
    expect(fitFeasibility(ends, reference).riskOf(withTraining({ rank: 64, tokensPerStep: 8192 })).failure).toBe("OOM");
  });
  it("learns the rate at which training diverges, and moves it when something trained beyond", () => {
    expect(at([ended({}, null), ended({ learningRate: 1e-3 }, "DIVERGED")], { learningRate: 2e-3 })).toBeLessThan(0.1);
    expect(at([ended({}, null), ended({ learningRate: 5e-3 }, null)], { learningRate: 3e-3 })).toBeGreaterThan(0.85);
    expect(at([], { learningRate: 1e-2 })).toBeLessThan(0.35);
  });
  it("does not take failures for borders that no number explains", () => {
    expect(at([ended({}, "DATA"), ended({}, "ENV")], {})).toBeCloseTo(at([], {}), 12);
  });
});
