import { mkdir } from "node:fs/promises";
import path from "node:path";
import { FailureError, type EvaluateRequest, type Evaluator, type Failure, type ItemScore, type Data, type LossPoint, type ModelFacts, type Recipe, type Requirement, type Result, type Task, type TensorSpectrum, type Trainer } from "../../contract/index.js";
import { recipeFactsOf, requirementFrom } from "../../session/index.js";
import type { RecipeFacts } from "../../tree/index.js";

/** What a real training and its scoring need. */
export interface RealServices {
  readonly data: Data;
  readonly trainer: Trainer;
  readonly evaluator: Evaluator;
}

export interface RealTraining {
  readonly adapterPath: string | null;
  readonly loss: readonly LossPoint[];
  readonly spectra: readonly TensorSpectrum[];
}

export type RealSplit = EvaluateRequest["split"];

/** One task under one seed, on this machine: its rows are split once, and every policy meets the same rows. */
export interface RealProblem {
  readonly seed: number;
  readonly facts: RecipeFacts;
  readonly sizes: Readonly<Record<string, number>>;
  /** Trains a recipe, from an adapter where it continues one. `secondsLimit` cuts it off with TIMEOUT. */
  train(request: { readonly recipe: Recipe; readonly fraction: number; readonly warmStart: string | null; readonly folder: string; readonly secondsLimit: number }, signal: AbortSignal): Promise<Result<RealTraining>>;
  /** Scores the prompt and adapter on the first `count` rows of a split. */
  score(request: { readonly recipe: Recipe; readonly adapterPath: string | null; readonly split: RealSplit; readonly count: number; readonly folder: string }, signal: AbortSignal): Promise<Result<readonly number[]>>;
}

/** Splits the task's rows under the seed. Errors: those of the data service. */
export async function openRealProblem(services: RealServices, task: Task, model: ModelFacts, seed: number, directory: string, signal: AbortSignal): Promise<RealProblem> {
  const runDirectory = path.join(directory, `seed-${seed}`);
  await mkdir(runDirectory, { recursive: true });
  const prepared = orThrow(await services.data.prepare({ path: task.data, modelPath: task.model, runDirectory, seed, sizes: task.splits, contextLength: model.contextLength }, signal));
  const requirement: Requirement = requirementFrom({ ...task, seed }, 0, model, prepared);
  const facts = recipeFactsOf(requirement, prepared.report, model, task.defaults);
  return {
    seed, facts, sizes: prepared.sizes,
    async train({ recipe, fraction, warmStart, folder, secondsLimit }, innerSignal) {
      const { training } = recipe;
      if (training === null) return { ok: true, value: { adapterPath: null, loss: [], spectra: [] } };
      const outDirectory = path.join(runDirectory, folder);
      const set = await services.data.buildTrainingSet({
        runDirectory, modelPath: task.model, operators: recipe.data, prompt: recipe.prompt, goal: task.goal, seed: recipe.seed, maxSequenceTokens: training.maxSequenceTokens, outDirectory: path.join(outDirectory, "data"),
      }, innerSignal);
      if (!set.ok) return set;
      const trained = await services.trainer.train({
        modelPath: task.model, trainPath: set.value.trainPath, validationPath: set.value.validationPath, outDirectory: path.join(outDirectory, "train"), training, warmStartAdapter: warmStart,
        seed: recipe.seed, threads: task.threads, steps: null, fraction, secondsLimit, onProgress: () => undefined,
      }, innerSignal);
      return trained.ok ? { ok: true, value: { adapterPath: trained.value.adapterPath, loss: trained.value.loss, spectra: trained.value.spectra } } : trained;
    },
    async score({ recipe, adapterPath, split, count, folder }, innerSignal) {
      const scored = await services.evaluator.evaluate({
        runDirectory, split, limit: count, modelPath: task.model, adapterPath, prompt: recipe.prompt, goal: task.goal, metric: requirement.metric, maxAnswerTokens: requirement.maxAnswerTokens,
        threads: task.threads, seed, outPath: path.join(runDirectory, folder, `${split}-${count}.jsonl`), onProgress: () => undefined,
      }, innerSignal);
      return scored.ok ? { ok: true, value: inOrder(scored.value.items) } : scored;
    },
  };
}

const inOrder = (items: readonly ItemScore[]): number[] => items.map((item) => item.score);

/** Where one experiment of one policy puts its files, below the seed's folder. */
export const folderOf = (policy: string, index: number): string => path.join(policy.replace(/[^a-z0-9]+/gi, "-"), String(index).padStart(3, "0"));

export function orThrow<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new FailureError(result.error);
  return result.value;
}

/** Failures of a recipe; those of the machine and of the user end the benchmark. */
export const isRecipes = (failure: Failure): boolean => failure.class === "OOM" || failure.class === "DIVERGED" || failure.class === "DATA" || failure.class === "CONFIG" || failure.class === "TIMEOUT";
