import { describe, expect, it } from "vitest";
import { moveIds, moves, numericFields, recipeSchema, type MoveId, type Recipe } from "../contract/index.js";
import { createRandom, mean } from "../stats/index.js";
import { applyMove, availableMoves, baselineRecipes, boundsOfMove, initialRecipe, isNovel, numbersOf, numbersOfMove, proposeNumbers, recipeDistance, recipeKey, type MoveFacts, type Observation } from "./index.js";
import { toUnit } from "./numbers.js";

const facts: MoveFacts = {
  goal: "Turn requests into commands.", trainRows: 1000, duplicates: 10, conflicts: 5, longestTokens: 100, shotTokens: 80, hasSystemMessages: false, contextLength: 2048, seed: 1, defaults: {}, parent: { nodeId: "n1", hasAdapter: true },
};
const initial = initialRecipe(facts);
const none = new Set<string>();
const withTraining = (change: Partial<NonNullable<Recipe["training"]>>): Recipe => ({ ...initial, training: { ...initial.training!, ...change } });
const menu = (recipe: Recipe, change: Partial<MoveFacts> = {}): MoveId[] => availableMoves(recipe, { ...facts, ...change }, none);

describe("the first recipes", () => {
  it("are valid, follow the data, and obey the task's overrides", () => {
    expect(recipeSchema.parse(initial)).toEqual(initial);
    expect(initial.training).toMatchObject({ learningRate: 3e-4, rank: 16, alpha: 32, targets: "all", maxSequenceTokens: 112 });
    expect(initial.data).toEqual([{ operator: "deduplicate" }]);
    expect(initialRecipe({ ...facts, duplicates: 0 }).data).toEqual([]);
    const own = initialRecipe({ ...facts, defaults: { learningRate: 2e-3, rank: 8, epochs: 1, tokensPerStep: 1024, maxSequenceTokens: 64 } });
    expect(own.training).toMatchObject({ learningRate: 2e-3, rank: 8, alpha: 16, epochs: 1, tokensPerStep: 1024, maxSequenceTokens: 64 });
    expect(initialRecipe({ ...facts, longestTokens: 9000 }).training!.maxSequenceTokens).toBe(2048);
  });

  it("offer the baselines that fit", () => {
    const names = (change: Partial<MoveFacts>): string[] => baselineRecipes({ ...facts, ...change }).map((each) => each.name);
    expect(names({})).toEqual(["zero-shot", "few-shot", "instruction", "instruction-few-shot"]);
    expect(names({ hasSystemMessages: true })).toEqual(["zero-shot", "few-shot"]);
    expect(names({ contextLength: 150 })).toEqual(["zero-shot", "instruction"]);
    expect(baselineRecipes(facts).every((each) => each.recipe.training === null)).toBe(true);
    expect(baselineRecipes({ ...facts, contextLength: 320 })[1]!.recipe.prompt.fewShot).toBe(3);
  });
});

describe("recipeKey", () => {
  it("ignores the order of fields and the seed, and nothing else", () => {
    const shuffled = { seed: 99, training: Object.fromEntries(Object.entries(initial.training!).reverse()), prompt: { fewShot: 0, system: null }, data: initial.data } as unknown as Recipe;
    expect(recipeKey(shuffled)).toBe(recipeKey(initial));
    const others = [withTraining({ learningRate: 3.1e-4 }), withTraining({ warmStartFrom: "n1" }), { ...initial, data: [] }, { ...initial, prompt: { system: "", fewShot: 0 } }, { ...initial, training: null }];
    expect(new Set([initial, ...others].map(recipeKey)).size).toBe(6);
  });
});

describe("moves", () => {
  it("do what they say", () => {
    const after = (move: MoveId, numbers = {}): Recipe => applyMove(initial, move, numbers, facts);
    expect(after("learning-rate", { learningRate: 1e-3 }).training).toEqual({ ...initial.training, learningRate: 1e-3 });
    expect(after("rank", { rank: 8 }).training).toEqual({ ...initial.training, rank: 8, alpha: 16 });
    expect(after("targets-mlp").training!.targets).toBe("mlp");
    expect(after("train-longer", { epochs: 4 }).training!.epochs).toBe(4);
    expect(after("schedule").training!.schedule).toBe("constant");
    expect(after("drop-conflicts").data.map((each) => each.operator)).toEqual(["deduplicate", "drop-conflicts"]);
    expect(applyMove(after("halve-data"), "halve-data", {}, facts).data).toContainEqual({ operator: "sample", fraction: 0.25 });
    expect(after("instruction").prompt.system).toBe(facts.goal);
    expect(after("few-shot").prompt.fewShot).toBe(4);
    expect(after("continue-parent", { learningRate: 1e-4 }).training).toMatchObject({ warmStartFrom: "n1", learningRate: 1e-4 });
  });

  it("put data operators into one order, whatever order they came in", () => {
    const order: MoveId[] = ["halve-data", "balance-answers", "drop-long", "drop-conflicts"];
    const forward = order.reduce((recipe, move) => applyMove(recipe, move, {}, facts), initial);
    const backward = [...order].reverse().reduce((recipe, move) => applyMove(recipe, move, {}, facts), initial);
    expect(recipeKey(forward)).toBe(recipeKey(backward));
  });

  it("drop a warm start whose adapter would no longer fit", () => {
    const warm = withTraining({ warmStartFrom: "n1" });
    for (const move of ["rank", "targets-attention", "targets-mlp"] as const) expect(applyMove(warm, move, { rank: 8 }, facts).training!.warmStartFrom).toBeNull();
    expect(applyMove(warm, "dropout", { dropout: 0.1 }, facts).training!.warmStartFrom).toBe("n1");
  });

  it("are offered only where they make sense", () => {
    expect(menu(initial)).not.toContain("deduplicate"); // done already
    expect(menu({ ...initial, data: [] })).toContain("deduplicate");
    expect(menu({ ...initial, data: [] }, { duplicates: 0 })).not.toContain("deduplicate");
    expect(menu(initial)).toContain("drop-conflicts");
    expect(menu(initial, { conflicts: 0 })).not.toContain("drop-conflicts");
    expect(menu(initial, { trainRows: 100 })).not.toContain("halve-data");
    expect(menu(initial, { hasSystemMessages: true })).not.toContain("instruction");
    expect(menu(initial, { contextLength: 120 })).not.toContain("few-shot");
    expect(menu(initial)).not.toContain("targets-all");
    expect(menu(withTraining({ epochs: 8 }))).not.toContain("train-longer");
    expect(menu(withTraining({ epochs: 0.25 }))).not.toContain("train-shorter");
    expect(menu(initial)).toContain("continue-parent");
    expect(menu(initial, { parent: { nodeId: "n1", hasAdapter: false } })).not.toContain("continue-parent");
    expect(menu({ ...initial, training: null })).not.toContain("continue-parent");
  });

  it("without numbers leave the menu once their result was tried", () => {
    const tried = new Set([recipeKey(applyMove(initial, "targets-mlp", {}, facts))]);
    const open = availableMoves(initial, facts, tried);
    expect(open).not.toContain("targets-mlp");
    expect(open).toContain("targets-attention");
  });

  it("make a draft with the default training from an untrained parent", () => {
    const draft = applyMove({ ...initial, training: null }, "learning-rate", { learningRate: 1e-3 }, facts);
    expect(draft.training).toEqual({ ...initial.training, learningRate: 1e-3 });
  });

  it("on 60 random walks always give valid, changed recipes and leave their input alone", () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const random = createRandom(seed);
      let recipe = deepFreeze(seed % 4 === 0 ? { ...initial, training: null } : initial);
      for (let step = 0; step < 8; step += 1) {
        const open = availableMoves(recipe, facts, none);
        const move = open[Math.floor(random() * open.length)]!;
        const numbers = proposeNumbers({ move, parent: recipe, observations: [], random });
        expect(Object.keys(numbers)).toEqual([...numbersOfMove(move)]);
        const next = applyMove(recipe, move, numbers, facts);
        expect(recipeSchema.safeParse(next).error, move).toBeUndefined();
        expect(recipeKey(next), `${move} ${JSON.stringify(numbers)}`).not.toBe(recipeKey(recipe));
        recipe = deepFreeze(next);
      }
    }
  });

  it("cover the whole menu of the contract", () => {
    for (const move of moveIds) expect(() => applyMove(initial, move, {}, facts)).not.toThrow();
    expect(numbersOfMove("rank")).toEqual(moves.rank.numbers);
  });
});

describe("novelty", () => {
  it("is the largest difference of a number as a share of its range", () => {
    expect(recipeDistance(initial, { ...initial, seed: 5 })).toBe(0);
    expect(recipeDistance(initial, withTraining({ learningRate: 3e-3 }))).toBeCloseTo(1 / 3, 10);
    expect(recipeDistance(initial, withTraining({ learningRate: 3e-3, dropout: 0.1 }))).toBeCloseTo(0.5, 10);
    expect(recipeDistance(initial, withTraining({ targets: "mlp" }))).toBe(Infinity);
    expect(recipeDistance(initial, { ...initial, training: null })).toBe(Infinity);
    expect(isNovel(withTraining({ learningRate: 3.05e-4 }), [initial])).toBe(false);
    expect(isNovel(withTraining({ learningRate: 6e-4 }), [initial])).toBe(true);
    expect(isNovel(withTraining({ targets: "mlp" }), [initial, withTraining({ targets: "mlp" })])).toBe(false);
  });
});

describe("proposeNumbers", () => {
  const propose = (move: MoveId, observations: readonly Observation[], seed: number, parent = initial): Record<string, number> => proposeNumbers({ move, parent, observations, random: createRandom(seed) });
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);

  it("stays within bounds, away from the parent's value, and repeats with its random stream", () => {
    for (const move of moveIds) {
      for (const seed of seeds.slice(0, 40)) {
        for (const [field, value] of Object.entries(propose(move, [], seed)) as [keyof typeof numericFields, number][]) {
          const { minimum, maximum } = boundsOfMove(move, field, initial);
          expect(value).toBeGreaterThanOrEqual(minimum);
          expect(value).toBeLessThanOrEqual(maximum);
          expect(value).not.toBe(initial.training![field]);
          if (numericFields[field].integer) expect(Number.isInteger(value)).toBe(true);
        }
      }
    }
    expect(propose("learning-rate", [], 3)).toEqual(propose("learning-rate", [], 3));
    expect(propose("learning-rate", [], 3)).not.toEqual(propose("learning-rate", [], 4));
  });

  it("goes the way the move says, and below what the caller allows", () => {
    for (const seed of seeds) {
      expect(propose("train-longer", [], seed).epochs).toBeGreaterThanOrEqual(2.5);
      expect(propose("train-shorter", [], seed).epochs).toBeLessThanOrEqual(1.6);
      expect(propose("continue-parent", [], seed).learningRate).toBeLessThan(3e-4);
      const capped = proposeNumbers({ move: "rank", parent: initial, observations: [], random: createRandom(seed), bounds: { rank: { minimum: 2, maximum: 12 } } });
      expect(capped.rank).toBeLessThanOrEqual(12);
    }
  });

  /** Reward with its best at 2e-3, as a parabola in the logarithm. */
  const reward = (learningRate: number): number => -((Math.log10(learningRate) - Math.log10(2e-3)) ** 2);
  const observe = (rates: readonly number[], score: (rate: number) => number | null): Observation[] => rates.map((learningRate) => ({ numbers: { learningRate }, reward: score(learningRate) }));
  const missBy = (observations: readonly Observation[]): number => mean(seeds.map((seed) => Math.abs(Math.log10(propose("learning-rate", observations, seed).learningRate! / 2e-3))));

  it("moves to where observations were good, with few of them and with many", () => {
    const blind = missBy([]);
    const few = missBy(observe([3e-4, 2e-3], reward));
    const many = missBy(observe([1e-5, 5e-5, 1e-4, 3e-4, 1e-3, 2.5e-3, 8e-3], reward));
    expect(few).toBeLessThan(0.75 * blind);
    expect(many).toBeLessThan(0.6 * blind);
  });

  it("keeps out of a region where everything failed", () => {
    const cliff = observe([1e-4, 2e-4, 3e-4, 6e-4, 3e-3, 5e-3, 8e-3], (rate) => (rate > 2e-3 ? null : 0.5));
    const intoCliff = seeds.filter((seed) => propose("learning-rate", cliff, seed).learningRate! > 2e-3).length;
    expect(intoCliff / seeds.length).toBeLessThan(0.15);
  });

  it("is not outvoted by the many nodes that share the default", () => {
    const lopsided = [...observe(new Array<number>(20).fill(3e-4), () => 0.5), ...observe([2e-3], () => 0.7), ...observe([3e-5, 1e-4], () => 0.3)];
    const upward = seeds.filter((seed) => propose("learning-rate", lopsided, seed).learningRate! > 6e-4).length;
    expect(upward / seeds.length).toBeGreaterThan(0.7);
  });

  it("reads a recipe's numbers", () => {
    expect(numbersOf(initial)).toEqual({ learningRate: 3e-4, rank: 16, epochs: 2, dropout: 0, weightDecay: 0, tokensPerStep: 2048 });
    expect(numbersOf({ ...initial, training: null })).toEqual({});
    expect([1e-5, 1e-2].map((rate) => toUnit("learningRate", rate))).toEqual([0, 1]);
  });
});

function deepFreeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) deepFreeze(inner as object);
  return Object.freeze(value);
}
