import type { CardCondition, FailureClass, LossPoint, Recipe, TensorSpectrum } from "../../contract/index.js";
import { createRandom, deriveSeed, normalQuantile, randomNormal } from "../../stats/index.js";
import type { RecipeFacts } from "../recipes/facts.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { createCalibration } from "./calibrate.js";
import { trainingRows } from "./effects/data-effects.js";
import { drawConstants } from "./scenario/draw-constants.js";
import type { Constants } from "./scenario/family-fields.js";
import { forgettingOf } from "./effects/forgetting.js";
import { lossCurve } from "./effects/loss-curve.js";
import { createLossSurface, pointOf } from "./effects/loss-surface.js";
import { createMachine } from "./effects/machine.js";
import { problemFacts } from "./problem-facts.js";
import { createPromptEffect } from "./effects/prompt-effects.js";
import type { Family, Scenario } from "./scenario/scenario.js";
import { createTensors } from "./effects/tensors.js";

/** A recipe with the recipes its adapter goes on from: a node's id means nothing outside its run. */
export interface Lineage {
  readonly recipe: Recipe;
  /** null: from nothing. */
  readonly parent: Lineage | null;
}

/** A finished training (or a prompt that needs none). Rates are of the model that was made, not of what was measured. */
export interface TrainedModel {
  readonly ok: true;
  readonly key: string;
  readonly fraction: number;
  readonly recipe: Recipe;
  /** Rate of right answers on dev-search and dev-select. */
  readonly rate: number;
  /** On the vault, where everything that was forgotten shows. */
  readonly vaultRate: number;
  /** Share of general ability that is left. */
  readonly regressionRate: number;
  readonly trainMs: number;
  readonly itemMs: number;
  readonly loss: readonly LossPoint[];
  readonly spectra: readonly TensorSpectrum[];
  readonly conditions: readonly CardCondition[];
}
export interface FailedTraining {
  readonly ok: false;
  readonly failure: Extract<FailureClass, "OOM" | "DIVERGED" | "TIMEOUT" | "CONFIG">;
  readonly trainMs: number;
}

/** One simulated task: all that a policy may learn of it costs time. Deterministic: the same recipe gives the same model. */
export interface Problem {
  readonly facts: RecipeFacts;
  readonly budgetMs: number;
  readonly items: Scenario["items"];
  /** `fraction` below 1 is a pilot. */
  train(lineage: Lineage, fraction: number): TrainedModel | FailedTraining;
  /** 1 or 0 for the first `count` items of a split. Items are as hard for one model as for the next, so scores are paired. */
  scores(model: TrainedModel, split: "dev-search" | "dev-select", count: number): number[];
  /** Share of the regression gate's questions answered as well as before. */
  regressionScore(model: TrainedModel): number;
  /** Vault rate without the luck of a seed; null where training fails. Judges policies and is shown to none. */
  trueScore(lineage: Lineage): number | null;
  /** For tests and documentation. */
  readonly constants: Constants;
}

/** Draws the `seed`-th problem of a family. */
export function createProblem(scenario: Pick<Scenario, "items" | "budgetSeconds">, family: Family, seed: number): Problem {
  return problemOf(drawConstants(family, seed), { items: scenario.items, budgetSeconds: family.budgetSeconds ?? scenario.budgetSeconds }, seed);
}

export function problemOf(constants: Constants, scenario: Pick<Scenario, "items" | "budgetSeconds">, seed: number): Problem {
  const facts = problemFacts(constants, seed);
  const tensors = createTensors(constants, seed);
  const surface = createLossSurface(constants, tensors, facts.trainRows - facts.duplicates - facts.conflicts, seed);
  const prompts = createPromptEffect(facts, constants, seed);
  const machine = createMachine(facts, constants, tensors);
  const baseOdds = logit(constants.baseScore);

  /** Everything but luck. */
  const measure = (lineage: Lineage, training: NonNullable<Recipe["training"]>): { odds: number; loss: ReturnType<typeof surface>; rows: ReturnType<typeof trainingRows>; hardness: number; prompt: ReturnType<typeof prompts> } => {
    const { recipe } = lineage;
    const rows = trainingRows(recipe, facts, constants);
    const before = lineage.parent?.recipe.training == null ? null : measure(lineage.parent, lineage.parent.recipe.training);
    const loss = surface(training, rows, before === null ? null : before.loss.passes);
    const prompt = prompts(recipe.prompt);
    const learned = Math.min(1, Math.max(0, 1 - loss.excess / Math.max(1e-9, constants.trainableNats)));
    const odds =
      baseOdds + prompt.logOdds * (1 - constants.promptOverlap * learned) + (recipe.prompt.system === null ? 0 : constants.trainedPromptGain * learned) +
      constants.logOddsPerNat * (constants.trainableNats - loss.excess);
    const hardness = (training.learningRate / 3e-4) * (training.epochs / 2) * (tensors.meanRank(training) / 16) ** 0.3 + (before?.hardness ?? 0);
    return { odds, loss, rows, hardness, prompt };
  };
  const calibration = createCalibration(constants, facts, (recipe) => (recipe.training === null ? null : measure({ recipe, parent: null }, recipe.training)), seed);

  const rateAt = (odds: number): number => Math.min(0.995, Math.max(0.005, 1 / (1 + Math.exp(-odds))));
  const refusal = (lineage: Lineage): FailedTraining | null => {
    const { recipe, parent } = lineage;
    if (recipe.training?.warmStartFrom == null) return null;
    const from = parent?.recipe.training ?? null;
    const sound = from !== null && from.rank === recipe.training.rank && from.targets === recipe.training.targets && JSON.stringify(from.ranks) === JSON.stringify(recipe.training.ranks);
    return sound ? null : { ok: false, failure: "CONFIG", trainMs: machine.startMs };
  };

  const train = (lineage: Lineage, fraction: number, lucky = true): TrainedModel | FailedTraining => {
    const { recipe } = lineage;
    const key = lineageKey(lineage);
    if (recipe.training === null) {
      const prompt = prompts(recipe.prompt);
      const rate = rateAt(baseOdds + prompt.logOdds);
      return { ok: true, key, fraction: 1, recipe, rate, vaultRate: rate, regressionRate: 1, trainMs: 0, itemMs: machine.itemMs(prompt.tokens), loss: [], spectra: [], conditions: [] };
    }
    const refused = refusal(lineage);
    if (refused !== null) return refused;
    const { training } = recipe;
    const { odds, loss, rows, hardness, prompt } = measure(lineage, training);
    const trainMs = machine.trainMs(training, rows, prompt.tokens, fraction);
    if (machine.memoryShare(training, rows, prompt.tokens) > 1) return { ok: false, failure: "OOM", trainMs: machine.startMs };
    const random = createRandom(deriveSeed(seed, "training", key, fraction, recipe.seed));
    // Close to the cliff it is luck whether a run survives: a logistic of .03 decades.
    if (loss.decadesToCliff < (lucky ? 0.03 * logit(Math.min(0.999, Math.max(0.001, random()))) : 0)) return { ok: false, failure: "DIVERGED", trainMs: machine.startMs + Math.min(machine.timeoutMs, 0.15 * trainMs) };
    if (trainMs > machine.timeoutMs) return { ok: false, failure: "TIMEOUT", trainMs: machine.startMs + machine.timeoutMs };
    const noise = constants.seedNoise + (constants.cliffNoise / 2) * Math.exp(-Math.max(0, loss.decadesToCliff) / 0.12);
    const point = pointOf(recipe);
    const clear = odds + calibration.deviation(point) - (lucky ? constants.logOddsPerNat * noise * randomNormal(random) : 0);
    const forgotten = forgettingOf(hardness, constants);
    const pilot = fraction < 1 ? calibration.pilotShift(point, fraction) : 0;
    return {
      ok: true, key, fraction, recipe, itemMs: machine.itemMs(prompt.tokens), trainMs: machine.startMs + trainMs,
      rate: rateAt(clear + pilot - constants.forgettingSeen * forgotten), vaultRate: rateAt(clear + pilot - forgotten), regressionRate: Math.exp(-forgotten / 2),
      ...lossCurve({ loss, constants, fraction, random }),
      spectra: tensors.spectra(training, deriveSeed(seed, "spectra", key)),
    };
  };

  const difficulty = new Map<string, Float64Array>();
  const difficultyOf = (split: "dev-search" | "dev-select"): Float64Array => {
    const known = difficulty.get(split);
    if (known !== undefined) return known;
    const random = createRandom(deriveSeed(seed, "items", split));
    const shared = Math.sqrt(constants.itemCorrelation);
    const drawn = Float64Array.from({ length: split === "dev-search" ? scenario.items.devSearch : scenario.items.devSelect }, () => shared * randomNormal(random));
    difficulty.set(split, drawn);
    return drawn;
  };

  return {
    facts,
    constants,
    budgetMs: 1000 * scenario.budgetSeconds,
    items: scenario.items,
    train: (lineage, fraction) => train(lineage, fraction),
    scores(model, split, count) {
      const hard = difficultyOf(split);
      const random = createRandom(deriveSeed(seed, "scores", split, model.key, model.fraction, model.recipe.seed));
      const threshold = normalQuantile(model.rate);
      const own = Math.sqrt(1 - constants.itemCorrelation);
      return Array.from({ length: Math.min(count, hard.length) }, (_, item) => ((hard[item] ?? 0) + own * randomNormal(random) < threshold ? 1 : 0));
    },
    regressionScore(model) {
      const random = createRandom(deriveSeed(seed, "regression", model.key, model.recipe.seed));
      let kept = 0;
      for (let item = 0; item < scenario.items.regression; item += 1) kept += random() < model.regressionRate ? 1 : 0;
      return kept / scenario.items.regression;
    },
    trueScore(lineage) {
      const model = train(lineage, 1, false);
      return model.ok ? model.vaultRate : null;
    },
  };
}

export function lineageKey({ recipe, parent }: Lineage): string {
  // The id of the node an adapter comes from differs between runs; its recipe does not.
  const own = recipe.training?.warmStartFrom == null ? recipe : { ...recipe, training: { ...recipe.training, warmStartFrom: "parent" } };
  return parent === null ? recipeKey(own) : `${recipeKey(own)}<${lineageKey(parent)}`;
}

const logit = (rate: number): number => Math.log(rate / (1 - rate));
