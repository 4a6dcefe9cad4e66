import { describe, expect, it } from "vitest";
import { createRandom, mean, randomNormal } from "../../stats/index.js";
import { judgeProblem, runPolicy } from "../bench/index.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { createProblem, parseScenario, type Problem, type Scenario } from "../simulator/index.js";
import { createCma } from "./optimisers/covariance-adaptation.js";
import { createAsha, createCmaEs, createGreedy, createGridSearch, createOurs, createPlainMcts, createRandomSearch, createSequential, createTpe, evenPlanner, type PolicyFactory } from "./index.js";
import { choiceNames, defaultPoint, drawPoint, recipeAt } from "./optimisers/space.js";
import { symmetricEigen } from "./optimisers/symmetric-eigen.js";
import { suggest } from "./optimisers/tpe.js";

const scenarioOf = (constants: Record<string, unknown>, change: Record<string, unknown> = {}): Scenario => {
  const parsed = parseScenario({ version: 1, name: "test", families: [{ name: "one", constants }], ...change });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.scenario;
};
const problemOf = (scenario: Scenario, seed: number): Problem => createProblem(scenario, scenario.families[0]!, seed);

/** Only the learning rate is off, the switches had better be left alone, and 3,000 items leave little noise. */
const easy = scenarioOf(
  {
    bestLearningRate: 2.5e-3, cliffLearningRate: 0.5, rateCurvature: 0.15, lossCorrelation: 1, rungCorrelation: 1, itemCorrelation: 0.95, memoryRoom: 100, itemSeconds: 0.001, trainSeconds: 60, startSeconds: 1,
    attentionOnlyCost: 0.03, mlpOnlyCost: 0.02, amountCost: 0.06, duplicateShare: 0, conflictShare: 0, longRowsCost: -0.01, balanceGain: -0.01, underfitCost: 0.01, overfitCost: 0.01, forgetting: 0, instructionGain: 0, formatRulesGain: 0, shotsGain: 0, similarGain: 0, coverageGain: 0, interactionCost: 0,
  },
  { items: { devSearch: 3000, devSelect: 3000, regression: 50 } },
);

describe("every rival", () => {
  const rivals: readonly (readonly [string, PolicyFactory])[] = [["grid", createGridSearch], ["TPE", createTpe], ["CMA-ES", createCmaEs], ["ASHA", createAsha], ["greedy", createGreedy], ["sequential", createSequential], ["plain MCTS", createPlainMcts]];

  it("comes nearer to the optimum of an easy problem than random search", { timeout: 60_000 }, async () => {
    const regrets = new Map<string, number[]>();
    for (let seed = 0; seed < 6; seed += 1) {
      for (const run of await judgeProblem({ scenario: easy, family: easy.families[0]!, seed, policies: [createRandomSearch, ...rivals.map(([, make]) => make)] })) {
        regrets.set(run.policy, [...(regrets.get(run.policy) ?? []), run.bestKnown! - run.final]);
      }
    }
    const random = mean(regrets.get("random")!);
    console.log([...regrets].map(([name, values]) => `${name} ${mean(values).toFixed(4)}`).join(", "));
    // A walk that never turns back to its best is no optimiser: it only must not be lost.
    for (const [name] of rivals.filter(([each]) => each !== "sequential")) expect(mean(regrets.get(name)!), `${name} against ${random.toFixed(4)}`).toBeLessThan(random);
  });

  it.each([["random", createRandomSearch] as const, ...rivals, ["ours", () => createOurs("ours", evenPlanner)] as const])("%s starts with the baselines and the default recipe, keeps to the budget and repeats with its seed", async (_name, make) => {
    const scenario = scenarioOf({}, { budgetSeconds: 1200 });
    const run = await runPolicy(problemOf(scenario, 3), make(), 3);
    expect(run.observations.slice(0, 5).map((each) => each.kind)).toEqual(["baseline", "baseline", "baseline", "baseline", "draft"]);
    expect(run.observations.length).toBeGreaterThan(8);
    expect(run.observations.at(-1)!.finishedMs).toBeLessThan(1_200_000);
    const again = await runPolicy(problemOf(scenario, 3), make(), 3);
    expect(again.observations.map((each) => recipeKey(each.recipe))).toEqual(run.observations.map((each) => recipeKey(each.recipe)));
    expect(again.checkpoints).toEqual(run.checkpoints);
    const other = await runPolicy(problemOf(scenario, 3), make(), 4);
    expect(other.observations.map((each) => recipeKey(each.recipe))).not.toEqual(run.observations.map((each) => recipeKey(each.recipe)));
  });
});

describe("ASHA", () => {
  it("promotes the best quarter of a rung to four times the training and pays for the rest only", async () => {
    const problem = problemOf(scenarioOf({ memoryRoom: 100, cliffLearningRate: 0.5 }, { budgetSeconds: 2400 }), 2);
    const { observations } = await runPolicy(problem, createAsha(), 2);
    const bottom = observations.filter((each) => each.fraction === 1 / 16);
    const middle = observations.filter((each) => each.fraction === 1 / 4);
    const top = observations.filter((each) => each.fraction === 1 && each.kind === "improve" && each.recipe.training !== null);
    expect(bottom.length).toBeGreaterThan(16);
    expect(middle.length).toBeGreaterThanOrEqual(Math.floor(bottom.length / 4) - 1);
    expect(middle.length).toBeLessThanOrEqual(Math.floor(bottom.length / 4));
    expect(top.length).toBeGreaterThan(0);
    const keys = new Set(bottom.map((each) => recipeKey(each.recipe)));
    expect(middle.every((each) => keys.has(recipeKey(each.recipe)))).toBe(true);
    const scores = (from: typeof bottom): number[] => from.map((each) => each.score ?? 0);
    expect(mean(scores(bottom.filter((each) => middle.some((other) => recipeKey(other.recipe) === recipeKey(each.recipe)))))).toBeGreaterThan(mean(scores(bottom)));
    const promoted = middle[0]!;
    const whole = problem.train({ recipe: promoted.recipe, parent: null }, 1 / 4);
    expect(promoted.costMs).toBeLessThan(whole.trainMs + (whole.ok ? 100 * whole.itemMs : 0) - 1000);
  });
});

describe("CMA-ES", () => {
  it("finds the middle of a sphere, and of an ellipse a thousand times as long as wide", () => {
    for (const [name, scale] of [["sphere", 1], ["ellipse", 1000]] as const) {
      const random = createRandom(3);
      const value = (point: Float64Array): number => -point.reduce((sum, each, at) => sum + scale ** (at / 5) * (each - 0.7) ** 2, 0);
      const cma = createCma(new Float64Array(6).fill(0.2), 0.3);
      for (let generation = 0; generation < 250; generation += 1) {
        const points = Array.from({ length: cma.populationSize }, () => cma.draw(() => randomNormal(random)));
        cma.update(points.sort((left, right) => value(right) - value(left)));
      }
      expect(value(cma.mean), name).toBeGreaterThan(-1e-8);
      expect(cma.sigma, name).toBeLessThan(0.01);
    }
  });

  it("rests on eigenvectors that give the matrix back", () => {
    const random = createRandom(1);
    const half = Array.from({ length: 7 }, () => Array.from({ length: 7 }, () => randomNormal(random)));
    const matrix = half.map((row) => Float64Array.from(half.map((other) => row.reduce((sum, value, at) => sum + value * other[at]!, 0))));
    const { values, vectors } = symmetricEigen(matrix);
    for (let row = 0; row < 7; row += 1) for (let column = 0; column < 7; column += 1) {
      expect(values.reduce((sum, value, at) => sum + value * vectors[row]![at]! * vectors[column]![at]!, 0)).toBeCloseTo(matrix[row]![column]!, 9);
    }
  });
});

describe("TPE", () => {
  it("draws near the good trials and takes their choices", () => {
    const random = createRandom(7);
    const trials = Array.from({ length: 60 }, () => {
      const point = { numbers: [random(), random()], choices: [Math.floor(3 * random())] };
      return { point, score: -Math.abs(point.numbers[0]! - 0.8) - (point.choices[0] === 2 ? 0 : 0.5) };
    });
    const drawn = Array.from({ length: 100 }, () => suggest(trials, [3], random));
    expect(Math.abs(mean(drawn.map((point) => point.numbers[0]!)) - 0.8)).toBeLessThan(0.1);
    expect(mean(drawn.map((point) => point.numbers[1]!))).toBeGreaterThan(0.2);
    expect(drawn.filter((point) => point.choices[0] === 2).length).toBeGreaterThan(80);
    expect(drawn.every((point) => point.numbers.every((value) => value >= 0 && value <= 1))).toBe(true);
  });
});

describe("the space of the model-free optimisers", () => {
  const { facts } = problemOf(scenarioOf({ wordings: 3, duplicateShare: 0.05, conflictShare: 0.05 }), 1);
  it("holds the default recipe", () => {
    const problem = problemOf(scenarioOf({ duplicateShare: 0.05 }), 1);
    const recipe = recipeAt(defaultPoint(problem.facts), problem.facts);
    expect(recipe.training).toMatchObject({ rank: 16, alpha: 32, targets: "all", tokensPerStep: 2048, schedule: "cosine" });
    expect(recipe.training!.learningRate).toBeCloseTo(3e-4, 12);
    expect(recipe.data).toEqual([{ operator: "deduplicate" }]);
  });
  it("reaches every switch, prompts without training among them", () => {
    const random = createRandom(1);
    const recipes = Array.from({ length: 500 }, () => recipeAt(drawPoint(random, facts), facts));
    expect(new Set(recipes.map((each) => each.prompt.system)).size).toBe(10);
    expect(new Set(recipes.map((each) => (each.prompt.fewShot === 0 ? "none" : each.prompt.shotSelection))).size).toBe(4);
    expect(new Set(recipes.map((each) => each.training?.targets)).size).toBe(4);
    expect(new Set(recipes.flatMap((each) => each.data.map((operator) => operator.operator))).size).toBe(5);
    expect(choiceNames.length).toBe(11);
  });
});
