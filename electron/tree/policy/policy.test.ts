import { describe, expect, it } from "vitest";
import { moves, type MoveId, type Proposal } from "../../contract/index.js";
import { createRandom, mean } from "../../stats/index.js";
import { availableMoves } from "../recipes/moves.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { isNovel } from "../recipes/novelty.js";
import { plainFacts } from "../test-facts.js";
import { decideStep, prepareStep, proposeByOutlook, type PolicyNode, type PolicyState, type Preparation } from "./index.js";
import { searchModel } from "./search-model.js";
import { atRates, base, first, initial, node, state, withTraining } from "./test-state.js";
import { transpositionsOf } from "./transpositions.js";

const prepare = (of: PolicyState, seed = 1): Preparation => prepareStep(of, createRandom(seed))!;
const propose = (moves: readonly (readonly [MoveId, number])[], change: Partial<Proposal> = {}): Proposal => ({
  direction: { axis: "optimization", why: "" }, candidates: moves.map(([move, probability]) => ({ move, probability, hypothesis: `${move} helps.` })), numbers: {}, evidence: ["rule"], prompts: [], promptCharacters: 0,
  decidedBy: "house-planner", fallbackReason: null, spent: { seconds: 0, tokens: 0 }, ...change,
});
const seeds = Array.from({ length: 25 }, (_, seed) => seed);

describe("prepareStep", () => {
  const start = state([base, first]);
  it("gives a parent, a menu with one outlook for each move, and what else was considered", () => {
    const { parent, menu, open, outlook, selection } = prepare(start);
    expect(["n0", "n1"]).toContain(parent.id);
    expect(menu.length).toBeGreaterThan(5);
    expect(open).toEqual(expect.arrayContaining([...menu]));
    expect(outlook.map(({ move }) => move)).toEqual(menu);
    for (const each of outlook) {
      expect(each.standardDeviation).toBeGreaterThan(0);
      expect(each.feasible).toBeGreaterThan(0);
      expect(each.feasible).toBeLessThanOrEqual(1);
      expect(each.costMs).toBeGreaterThan(0);
    }
    expect(selection.considered[0]!.nodeId).toBe(parent.id);
    expect(selection.reason).toContain(parent.id);
  });
  it("repeats with its random stream, on the same and on an equal state", () => {
    expect(prepare(start, 4)).toEqual(prepare(start, 4));
    expect(prepare(structuredClone(start), 4)).toEqual(prepare(start, 4));
  });
  it("grows from a pinned node while it has moves, never from what the user cut off or below it", () => {
    const weak = node("n2", "n1", 0.45, { pinned: true, recipe: withTraining({ dropout: 0.2 }) });
    expect(prepare(state([base, first, weak])).parent.id).toBe("n2");
    for (const seed of seeds) {
      const below = node("n3", "n2", 0.9, { recipe: withTraining({ dropout: 0.2, rank: 32 }) });
      expect(["n0", "n1"]).toContain(prepare(state([base, first, { ...weak, pinned: false, cutOff: true }, below]), seed).parent.id);
    }
    expect(prepareStep(state([{ ...base, cutOff: true }, first]), createRandom(1))).toBeNull();
  });
  it("does not take one lucky score among many equal ones for the best", () => {
    const equal = atRates([1e-4, 1.4e-4, 2e-4, 2.6e-4, 3.5e-4, 4.5e-4, 6e-4, 8e-4, 1e-3, 1.3e-3], () => 0.6);
    const lucky = node("lucky", "n1", 0.68, { recipe: withTraining({ learningRate: 3.2e-4, dropout: 0.02 }), standardError: 0.035 });
    const model = searchModel(state([base, first, ...equal, lucky]));
    expect(model.shrunkScore("lucky")!).toBeLessThan(0.65);
    expect(model.shrunkScore("lucky")!).toBeGreaterThan(0.59);
  });
  it("rests an axis after three in a row", () => {
    const tuned = [2e-4, 5e-4, 8e-4].map((learningRate, index) => node(`n${index + 2}`, "n1", 0.6, { axis: "optimization", recipe: withTraining({ learningRate }) }));
    const { menu, open } = prepare(state([base, first, ...tuned]));
    expect(open.some((move) => moves[move].axis === "optimization")).toBe(true);
    expect(menu.some((move) => moves[move].axis === "optimization")).toBe(false);
  });
  it("comes back from a branch that brings nothing, and says so", () => {
    const worse = [node("n2", "n1", 0.4, { axis: "capacity", recipe: withTraining({ targets: "attention" }) }), node("n3", "n2", 0.35, { axis: "data", recipe: { ...withTraining({ targets: "attention" }), data: [] } })];
    const { parent, backtracked } = prepare(state([base, first, ...worse]));
    expect(["n0", "n1"]).toContain(parent.id);
    expect(backtracked).toBe(true);
  });
  it("is over when every move is tried or forbidden", () => {
    const facts = { ...plainFacts, constraints: { ...plainFacts.constraints, forbiddenMoves: (Object.keys(moves) as MoveId[]).filter((move) => move !== "schedule") } };
    const open = state([base, first], { facts });
    expect(prepare(open).menu).toEqual(["schedule"]);
    const all = (["constant", "linear"] as const).map((schedule, index) => node(`n${index + 2}`, "n1", 0.6, { recipe: withTraining({ schedule }) }));
    const drafted = node("n4", "n0", 0.6, { recipe: { ...base.recipe, training: { ...initial.training!, schedule: "constant" } } });
    const finished = prepareStep(state([base, first, ...all, drafted], { facts }), createRandom(1));
    // What is left hangs below the drafts from the base.
    expect(finished === null || finished.parent.id === "n4").toBe(true);
  });
});

describe("transposition", () => {
  const conflicts = { operator: "drop-conflicts" } as const;
  const left = node("a", "n1", 0.62, { move: "drop-conflicts", recipe: { ...initial, data: [...initial.data, conflicts] } });
  const right = node("b", "n1", 0.61, { move: "targets-mlp", recipe: withTraining({ targets: "mlp" }) });
  const both = node("c", "a", 0.66, { move: "targets-mlp", recipe: { ...withTraining({ targets: "mlp" }), data: [...initial.data, conflicts] } });
  const tree = state([base, first, left, right, both]);
  it("finds the other parent of a recipe, and not its own", () => {
    const met = transpositionsOf(tree);
    expect(met.get("b")).toEqual(["c"]);
    expect(met.get("a")).toBeUndefined();
  });
  it("never runs an equal recipe twice, whichever parent it would grow from", () => {
    expect(availableMoves(right.recipe, { ...plainFacts, parent: null }, new Set(tree.nodes.map(({ recipe }) => recipeKey(recipe))))).not.toContain("drop-conflicts");
    for (const seed of seeds) {
      const preparation = prepare(tree, seed);
      const decision = decideStep(tree, preparation, propose([["drop-conflicts", 0.5], ["targets-mlp", 0.5]]), createRandom(seed))!;
      expect(isNovel(decision.recipe, tree.nodes.map(({ recipe }) => recipe))).toBe(true);
    }
  });
  it("shares what equal recipes showed", () => {
    const twin = { ...both, id: "d", parent: "b", reward: 0.7 };
    const model = searchModel(state([base, first, left, right, both, twin]));
    expect(model.shrunkScore("c")!).toBeCloseTo(model.shrunkScore("d")!, 10);
  });
});

describe("decideStep", () => {
  const start = state([base, first, ...atRates([1e-4, 6e-4], (rate) => 0.6 - 0.05 * Math.abs(Math.log10(rate / 3e-4)))]);
  const preparation = prepare(start);
  const decide = (proposal: Proposal, seed = 1, of: PolicyState = start, from = preparation): NonNullable<ReturnType<typeof decideStep>> => decideStep(of, from, proposal, createRandom(seed))!;

  it("fills the numbers of its move, explains itself and repeats with its stream", () => {
    const move = preparation.menu.find((each) => moves[each].numbers.length > 0)!;
    const decision = decide(propose([[move, 1]]));
    expect(decision).toEqual(decide(propose([[move, 1]])));
    for (const field of moves[decision.move].numbers) expect(decision.numbers[field]?.by).toBe("optimiser");
    expect(decision.axis).toBe(moves[decision.move].axis);
    expect(decision.candidates.reduce((sum, { host }) => sum + host, 0)).toBeCloseTo(1, 10);
    expect(decision.host.join(" ")).toMatch(/^.*Drawn: ".+", with probability \d+ %/);
    expect(decision.host.join(" ")).toContain("is expected, give or take");
  });
  it("draws by worth: a planner's poor choice loses to a good one, and what is off the menu is refused", () => {
    const ranked = [...preparation.menu].sort((left, right) => decide(propose([[left, 0.5], [right, 0.5]])).candidates.find(({ move }) => move === left)!.host < 0.5 ? 1 : -1);
    const drawn = seeds.map((seed) => decide(propose([[ranked.at(-1)!, 0.5], [ranked[0]!, 0.5]]), seed).move);
    expect(drawn.filter((move) => move !== ranked.at(-1)).length).toBeGreaterThan(seeds.length / 2);
    const off = (Object.keys(moves) as MoveId[]).find((move) => !preparation.menu.includes(move))!;
    const decision = decide(propose([[off, 1]]));
    expect(decision.move).not.toBe(off);
    expect(decision.byPlanner).toBe(false);
    expect(decision.host.join(" ")).toContain("leads to nothing new");
  });
  it("takes a language model's numbers inside bounds, and says whose they are", () => {
    const only = { ...preparation, menu: ["learning-rate"] as const, open: ["learning-rate"] as const };
    const wanting = propose([["learning-rate", 1]], { decidedBy: "language-model", numbers: { learningRate: 4.4e-4 } });
    const decision = decide(wanting, 1, start, only);
    expect(decision.numbers).toEqual({ learningRate: { value: 4.4e-4, by: "language-model" } });
    expect(decision.overridden).toBe(true);
    const wild = decide({ ...wanting, numbers: { learningRate: 5 } }, 1, start, only);
    expect(wild.numbers.learningRate!.by).toBe("optimiser");
    expect(wild.overridden).toBe(false);
    expect(decide({ ...wanting, numbers: { learningRate: 1e-2 } }, 1, start, only).numbers.learningRate!.by).toBe("optimiser");
  });
  it("lets a language model override in at most three of ten nodes", () => {
    let nodes: PolicyNode[] = [...start.nodes];
    for (let step = 0; step < 20; step += 1) {
      const now = state(nodes);
      const from = prepare(now, step);
      const numeric = from.menu.filter((move) => moves[move].numbers.length === 1);
      const parentTraining = from.parent.recipe.training ?? initial.training!;
      const numbers = Object.fromEntries(numeric.map((move) => [moves[move].numbers[0]!, parentTraining[moves[move].numbers[0]!] * 1.31 + 0.013]));
      const decision = decideStep(now, from, propose(numeric.map((move) => [move, 1 / numeric.length] as const), { decidedBy: "language-model", numbers }), createRandom(step))!;
      nodes = [...nodes, node(`m${step}`, from.parent.id, 0.58, { recipe: decision.recipe, move: decision.move, axis: decision.axis, overridden: decision.overridden })];
    }
    const overridden = nodes.filter((each) => each.overridden === true).length;
    expect(overridden).toBeGreaterThan(0);
    expect(overridden).toBeLessThanOrEqual(Math.ceil(0.3 * nodes.filter((each) => each.kind !== "baseline").length));
  });
  it("keeps away from rates at which training diverged", () => {
    const burnt = state([base, first, ...atRates([1.2e-3, 2e-3, 4e-3], () => null)]);
    const from = { ...prepare(burnt), parent: first, menu: ["learning-rate"] as const, open: ["learning-rate"] as const };
    for (const seed of seeds) expect(decide(propose([["learning-rate", 1]]), seed, burnt, from).recipe.training!.learningRate).toBeLessThan(1.2e-3);
  });
  it("moves to where scores were better", () => {
    const better = state([base, first, ...atRates([1e-4, 2e-4, 5e-4, 8e-4], (rate) => 0.62 + 0.15 * Math.log10(rate / 3e-4))]);
    const from = { ...prepare(better), parent: first, menu: ["learning-rate"] as const, open: ["learning-rate"] as const };
    expect(mean(seeds.map((seed) => Math.log10(decide(propose([["learning-rate", 1]]), seed, better, from).recipe.training!.learningRate)))).toBeGreaterThan(Math.log10(6e-4));
  });
  it("proposes by the outlook where there is no planner", () => {
    const proposal = proposeByOutlook(preparation);
    expect(proposal.candidates.length).toBeGreaterThan(0);
    expect(proposal.candidates.length).toBeLessThanOrEqual(3);
    expect(proposal.candidates.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 10);
    expect(proposal.candidates.every(({ move }) => preparation.menu.includes(move))).toBe(true);
  });
});

describe("priors from cards", () => {
  const card = (move: MoveId, gain: number): PolicyState["priors"][number] => ({ cardId: "c", weight: 1, effect: { kind: "move", move, when: "always", gain, spread: 0.02 } });
  const outlookOf = (of: PolicyState, move: MoveId): number => prepare(of).outlook.find((each) => each.move === move)?.expectedGain ?? Number.NaN;
  it("raise or lower what a move is expected to bring", () => {
    const [down, plain, up] = [[card("drop-long", -0.1)], [], [card("drop-long", 0.1)]].map((priors) => outlookOf(state([{ ...base, cutOff: false, openMoves: 0 }, { ...first, pinned: true }], { priors }), "drop-long"));
    expect(up!).toBeGreaterThan(plain!);
    expect(down!).toBeLessThan(plain!);
  });
  it("give way to what the run shows", () => {
    const long = { operator: "drop-long", longestPercentile: 95 } as const;
    const wrong = Array.from({ length: 6 }, (_, index) => [
      node(`a${index}`, "n1", 0.6, { recipe: withTraining({ dropout: 0.03 * index }) }),
      node(`b${index}`, `a${index}`, 0.5, { recipe: { ...withTraining({ dropout: 0.03 * index }), data: [...initial.data, long] } }),
    ]).flat();
    const model = searchModel(state([base, first, ...wrong], { priors: [card("drop-long", 0.1)] }));
    const fresh = withTraining({ weightDecay: 0.05 });
    expect(model.predict({ ...fresh, data: [...initial.data, long] }).mean).toBeLessThan(model.predict(fresh).mean);
  });
  it("of numbers move the centre", () => {
    const at = (centre: number): number => {
      const model = searchModel(state([base, first], { priors: [{ cardId: "c", weight: 1, effect: { kind: "number", field: "learningRate", when: "always", centre, spread: 0.05 } }] }));
      return model.predict(withTraining({ learningRate: 2e-3 })).mean - model.predict(withTraining({ learningRate: 5e-5 })).mean;
    };
    expect(at(2e-3)).toBeGreaterThan(0);
    expect(at(5e-5)).toBeLessThan(0);
  });
});
