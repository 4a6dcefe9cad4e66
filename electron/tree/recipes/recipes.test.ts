import { describe, expect, it } from "vitest";
import { moveIds, moves, numericFields, recipeSchema, type MoveId, type Recipe } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { applyMove, availableMoves, baselineRecipes, boundsOfMove, fewShotCount, initialRecipe, isNovel, numbersOf, numbersOfMove, promptTokens, proposeNumbers, recipeDistance, recipeKey, type MoveFacts, type Observation } from "../index.js";
import { toUnit } from "../numbers/unit-scale.js";
import { plainFacts } from "../test-facts.js";
import { noveltyAgainst } from "./novelty.js";

const facts: MoveFacts = { ...plainFacts, parent: { nodeId: "n1", hasAdapter: true, spectra: [] } };
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
    const shuffled = { seed: 99, training: Object.fromEntries(Object.entries(initial.training!).reverse()), prompt: { shotSelection: "fixed", fewShot: 0, system: null }, data: initial.data } as unknown as Recipe;
    expect(recipeKey(shuffled)).toBe(recipeKey(initial));
    const shown = (shotSelection: Recipe["prompt"]["shotSelection"], fewShot = 2): Recipe => ({ ...initial, prompt: { system: null, fewShot, shotSelection } });
    const others = [
      withTraining({ learningRate: 3.1e-4 }), withTraining({ warmStartFrom: "n1" }), withTraining({ ranks: { "blk.0.attn_q": 8 } }), withTraining({ ranks: { "blk.0.attn_q": 4 } }), { ...initial, data: [] },
      { ...initial, data: [{ operator: "sample", fraction: 0.5 } as const] }, { ...initial, prompt: { ...initial.prompt, system: "" } }, { ...initial, training: null }, shown("fixed"), shown("similar"),
    ];
    expect(new Set([initial, ...others].map(recipeKey)).size).toBe(others.length + 1);
    expect(recipeKey(shown("similar", 0))).toBe(recipeKey(initial));
    const ranks = { "blk.0.attn_q": 8, "blk.1.attn_q": 4 };
    expect(recipeKey(withTraining({ ranks: Object.fromEntries(Object.entries(ranks).reverse()) }))).toBe(recipeKey(withTraining({ ranks })));
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
    expect(menu(initial, { parent: { nodeId: "n1", hasAdapter: false, spectra: [] } })).not.toContain("continue-parent");
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
    const walking: MoveFacts = { ...facts, bestPrompt: { system: "Best.", fewShot: 2, shotSelection: "similar" } };
    for (let seed = 0; seed < 60; seed += 1) {
      const random = createRandom(seed);
      let recipe = deepFreeze(seed % 4 === 0 ? { ...initial, training: null } : initial);
      for (let step = 0; step < 8; step += 1) {
        const open = availableMoves(recipe, walking, none);
        const move = open[Math.floor(random() * open.length)]!;
        const numbers = proposeNumbers({ move, parent: recipe, observations: [], random, count: 4 })[0]!;
        expect(Object.keys(numbers)).toEqual([...numbersOfMove(move)]);
        const next = applyMove(recipe, move, numbers, walking);
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
    const tried = [initial, withTraining({ targets: "mlp" }), withTraining({ learningRate: 3e-3, rank: 8, alpha: 16 }), { ...initial, training: null }];
    const isNew = noveltyAgainst(tried);
    for (const recipe of [...tried, withTraining({ learningRate: 2.9e-3, rank: 8, alpha: 16 }), withTraining({ learningRate: 1e-3 }), withTraining({ schedule: "linear" }), { ...initial, data: [] }]) expect(isNew(recipe)).toBe(isNovel(recipe, tried));
  });
});

describe("prompt moves", () => {
  const bare: Recipe = { ...initial, data: [], training: null };
  it("on an untrained parent are cheap experiments of their own", () => {
    for (const move of ["instruction", "format-rules", "other-wording", "few-shot", "similar-shots", "coverage-shots"] as const) {
      const after = applyMove(bare, move, {}, facts);
      expect(after.training, move).toBeNull();
      expect(recipeKey(after), move).not.toBe(recipeKey(bare));
    }
    const best = { system: "Best.", fewShot: 2, shotSelection: "similar" } as const;
    expect(menu(bare)).not.toContain("train-prompted");
    expect(menu(bare, { bestPrompt: best })).toContain("train-prompted");
    const trained = applyMove(bare, "train-prompted", {}, { ...facts, bestPrompt: best });
    expect(trained.prompt).toEqual(best);
    expect(trained.training).not.toBeNull();
    expect(menu(trained, { bestPrompt: best })).not.toContain("train-prompted");
  });
  it("go through the wordings and keep the format's rules", () => {
    const said = [bare];
    for (const move of ["instruction", "format-rules", "other-wording", "other-wording", "other-wording"] as const) said.push(applyMove(said.at(-1)!, move, {}, facts));
    expect(said.map((recipe) => recipe.prompt.system)).toEqual([null, facts.goal, ...[facts.goal, ...facts.instructions, facts.goal].map((wording) => `${wording}\n${facts.formatRules!}`)]);
    expect(menu(said[2]!)).not.toContain("format-rules");
    expect(menu(bare, { instructions: [] })).not.toContain("other-wording");
    expect(menu(bare, { hasSystemMessages: true }).filter((move) => ["instruction", "format-rules", "other-wording"].includes(move))).toEqual([]);
  });
  it("choose worked examples another way, and count where there were none", () => {
    const similar = applyMove(bare, "similar-shots", {}, facts);
    expect(similar.prompt).toEqual({ system: null, fewShot: 4, shotSelection: "similar" });
    expect(applyMove({ ...bare, prompt: { ...similar.prompt, fewShot: 2, shotSelection: "fixed" } }, "coverage-shots", {}, facts).prompt).toMatchObject({ fewShot: 4, shotSelection: "coverage" });
    expect(menu(similar)).toContain("coverage-shots");
    expect(menu(similar)).not.toContain("similar-shots");
  });
  it("leave room for a prompt in the rows, and no more than the model reads", () => {
    const prompted = applyMove(applyMove(initial, "instruction", {}, facts), "few-shot", {}, facts);
    expect(prompted.training!.maxSequenceTokens).toBe(100 + 4 * 80 + Math.ceil(facts.goal.length / 2));
    expect(applyMove(initial, "few-shot", {}, { ...facts, contextLength: 400 }).training!.maxSequenceTokens).toBe(400);
  });
});

describe("constraints", () => {
  const limited = (constraints: Partial<MoveFacts["constraints"]>): MoveFacts => ({ ...facts, constraints: { ...facts.constraints, ...constraints } });
  it("cut the menu and the recipes", () => {
    expect(availableMoves(initial, limited({ forbiddenMoves: ["rank", "tune"] }), none)).not.toEqual(expect.arrayContaining(["rank"]));
    expect(initialRecipe(limited({ mostRank: 8 })).training).toMatchObject({ rank: 8, alpha: 16 });
    expect(boundsOfMove("tune", "rank", initial, 8).maximum).toBe(8);
    expect(boundsOfMove("tune", "rank", initial, 8).minimum).toBeLessThanOrEqual(8);
    expect(boundsOfMove("rank", "rank", initial, 8)).toEqual({ minimum: 2, maximum: 8 });
    expect(boundsOfMove("rank", "rank", initial, 1)).toEqual({ minimum: 1, maximum: 1 });
    expect(availableMoves(initial, limited({ mostRank: 2 }), none)).not.toContain("rank");
  });
  it("keep prompts within their tokens, baselines included", () => {
    const short = limited({ mostPromptTokens: 100 });
    expect(fewShotCount(short)).toBe(1);
    for (const move of availableMoves(initial, short, none)) expect(promptTokens(applyMove(initial, move, {}, short).prompt, short)).toBeLessThanOrEqual(100);
    expect(baselineRecipes(limited({ mostPromptTokens: 0 })).map(({ name }) => name)).toEqual(["zero-shot"]);
    expect(availableMoves(initial, limited({ mostPromptTokens: 0 }), none).filter((move) => moves[move].axis === "prompt")).toEqual([]);
  });
  it("leave only what may be delivered", () => {
    const bare: Recipe = { ...initial, data: [], training: null };
    expect(availableMoves(bare, limited({ deliver: "prompt" }), none).every((move) => applyMove(bare, move, {}, facts).training === null)).toBe(true);
    expect(availableMoves(initial, limited({ deliver: "prompt" }), none)).toEqual([]);
    expect(availableMoves(bare, limited({ deliver: "adapter" }), none).every((move) => applyMove(bare, move, {}, facts).training !== null)).toBe(true);
  });
});

describe("reallocate-rank", () => {
  const spectrum = (tensor: string, effectiveRank: number, rank = 16): { tensor: string; rank: number; effectiveRank: number } => ({ tensor, rank, effectiveRank });
  const spectra = [spectrum("blk.0.attn_q", 2), spectrum("blk.1.attn_q", 14), spectrum("blk.2.attn_q", 8), spectrum("blk.0.ffn_up", 15), spectrum("blk.1.ffn_up", 3)];
  const parent = { nodeId: "n1", hasAdapter: true, spectra };
  const after = applyMove(withTraining({ warmStartFrom: "n0" }), "reallocate-rank", {}, { ...facts, parent }).training!;
  const rankOf = (tensor: string): number => after.ranks[tensor] ?? after.rank;
  it("follows the measured use, within twice the rank, and never lets the adapter grow", () => {
    expect(menu(initial, { parent })).toContain("reallocate-rank");
    for (const kind of ["attn_q", "ffn_up"]) {
      const tensors = spectra.filter(({ tensor }) => tensor.endsWith(kind));
      const given = tensors.map(({ tensor }) => rankOf(tensor));
      expect(given.reduce((sum, rank) => sum + rank, 0)).toBeLessThanOrEqual(16 * tensors.length);
      expect(given.reduce((sum, rank) => sum + rank, 0)).toBeGreaterThan(16 * tensors.length - 2);
      for (const rank of given) expect(Number.isInteger(rank) && rank >= 2 && rank <= 32).toBe(true);
      const order = [...tensors].sort((left, right) => left.effectiveRank - right.effectiveRank).map(({ tensor }) => rankOf(tensor));
      expect(order).toEqual([...order].sort((left, right) => left - right));
    }
    expect(rankOf("blk.1.attn_q") / rankOf("blk.2.attn_q")).toBeCloseTo(14 / 8, 0);
  });
  it("keeps the scale, drops a warm start, and obeys the user's limit", () => {
    expect(after).toMatchObject({ rank: 16, alpha: 32, warmStartFrom: null });
    const limited = applyMove(initial, "reallocate-rank", {}, { ...facts, parent, constraints: { ...facts.constraints, mostRank: 20 } }).training!;
    expect(Math.max(...Object.values(limited.ranks))).toBeLessThanOrEqual(20);
  });
  it("is off the menu where nothing was measured or nothing would move", () => {
    expect(menu(initial)).not.toContain("reallocate-rank");
    expect(menu(initial, { parent: { ...parent, spectra: [spectrum("blk.0.attn_q", 8), spectrum("blk.1.attn_q", 8.5)] } })).not.toContain("reallocate-rank");
  });
  it("gives way when the rank or the layers change", () => {
    const moved = withTraining({ ranks: { "blk.0.attn_q": 4 } });
    expect(applyMove(moved, "rank", { rank: 32 }, facts).training!.ranks).toEqual({});
    expect(applyMove(moved, "targets-mlp", {}, facts).training!.ranks).toEqual({});
    expect(applyMove(moved, "tune", { learningRate: 1e-3, rank: 16 }, facts).training!.ranks).toEqual({ "blk.0.attn_q": 4 });
  });
});

describe("proposeNumbers", () => {
  const propose = (move: MoveId, observations: readonly Observation[], seed: number, count = 16): Partial<Record<string, number>>[] => proposeNumbers({ move, parent: initial, observations, random: createRandom(seed), count });

  it("stays within bounds, differs from the parent, and repeats with its random stream", () => {
    for (const move of moveIds) {
      for (let seed = 0; seed < 20; seed += 1) {
        for (const numbers of propose(move, [], seed)) {
          for (const [field, value] of Object.entries(numbers) as [keyof typeof numericFields, number][]) {
            const { minimum, maximum } = boundsOfMove(move, field, initial);
            expect(value).toBeGreaterThanOrEqual(minimum);
            expect(value).toBeLessThanOrEqual(maximum);
            if (numericFields[field].integer) expect(Number.isInteger(value)).toBe(true);
          }
          if (numbersOfMove(move).length > 0) expect(recipeKey(applyMove(initial, move, numbers, facts))).not.toBe(recipeKey(initial));
        }
      }
    }
    expect(propose("tune", [], 3)).toEqual(propose("tune", [], 3));
    expect(propose("tune", [], 3)).not.toEqual(propose("tune", [], 4));
    expect(propose("drop-conflicts", [], 3)).toEqual([{}]);
  });

  it("sets all numbers together where a move opens several", () => {
    for (const numbers of propose("tune", [], 5)) expect(Object.keys(numbers).sort()).toEqual([...moves.tune.numbers].sort());
  });

  it("goes the way the move says, and below what the user allows", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      for (const { epochs } of propose("train-longer", [], seed)) expect(epochs).toBeGreaterThanOrEqual(2.5);
      for (const { epochs } of propose("train-shorter", [], seed)) expect(epochs).toBeLessThanOrEqual(1.6);
      for (const { learningRate } of propose("continue-parent", [], seed)) expect(learningRate).toBeLessThanOrEqual(3e-4);
      for (const { rank } of proposeNumbers({ move: "rank", parent: initial, observations: [], random: createRandom(seed), count: 8, mostRank: 12 })) expect(rank).toBeLessThanOrEqual(12);
    }
  });

  it("draws more candidates to where observations were good, and fewer to where everything failed", () => {
    const observe = (rates: readonly number[], score: (rate: number) => number | null): Observation[] => rates.map((learningRate) => ({ numbers: { learningRate }, reward: score(learningRate) }));
    const rates = [1e-5, 5e-5, 1e-4, 3e-4, 1e-3, 2.5e-3, 8e-3];
    const near = (observations: readonly Observation[], low: number, high: number): number => {
      const drawn = Array.from({ length: 40 }, (_, seed) => propose("learning-rate", observations, seed)).flat().map(({ learningRate }) => learningRate!);
      return drawn.filter((rate) => rate >= low && rate <= high).length / drawn.length;
    };
    const good = observe(rates, (rate) => -((Math.log10(rate) - Math.log10(2e-3)) ** 2));
    expect(near(good, 8e-4, 5e-3)).toBeGreaterThan(1.5 * near([], 8e-4, 5e-3));
    const cliff = observe(rates, (rate) => (rate > 5e-4 ? null : 0.5 + 0.01 * Math.log10(rate)));
    expect(near(cliff, 5e-4, 1e-2)).toBeLessThan(near([], 5e-4, 1e-2));
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
