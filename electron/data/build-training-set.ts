import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { err, fail, FailureError, ok, type Data, type Example, type LlamaHost, type Result } from "../contract/index.js";
import { deriveSeed } from "../stats/index.js";
import { failureOfIo } from "../store/index.js";
import { cancelledFailure } from "./cancelled.js";
import { drawPlaces } from "./draw.js";
import { firstInOrder } from "./first-in-order.js";
import { groupBy } from "./group-by.js";
import { answerOf } from "./identity.js";
import { keyExamples, type KeyedExample } from "./keyed-example.js";
import { applyOperators } from "./operators.js";
import { createRowWriter } from "./row-writer.js";
import { openShots } from "./prompt/open-shots.js";
import { createTokenization, type TokenizedRow } from "./prompt/tokenize-rows.js";
import { readSplit } from "./split-files.js";

type Request = Parameters<Data["buildTrainingSet"]>[0];
type Built = Awaited<ReturnType<Data["buildTrainingSet"]>> extends Result<infer Value> ? Value : never;

const validationShare = 0.05;
const mostValidationRows = 64;
/** Not the run's seed: the same rows validate every recipe of every seed, so that their losses can be compared. */
const validationSeed = 1;

/** Errors: DATA `data.nothing_left`, `data.all_too_long`; those of the template, the worker and the disk. */
export async function buildTrainingSet(llama: LlamaHost, request: Request, signal: AbortSignal): Promise<Result<Built>> {
  const [train, shots] = await Promise.all([readSplit(request.runDirectory, "train"), openShots(request.runDirectory, request.prompt, signal)]);
  if (!train.ok) return train;
  if (!shots.ok) return shots;
  const keyed = await keyExamples(train.value);
  const { validation, rest } = await withoutValidation(keyed);
  const operated = await applyOperators(rest, request.operators, request.seed);
  // A fair part for a cheap rung: drawn anywhere, kept in order.
  const limited = request.limitRows === undefined || request.limitRows >= operated.length ? operated : drawPlaces(operated.length, request.limitRows, deriveSeed(request.seed, "limit")).flatMap((place) => operated[place] ?? []);
  const chosen = limited.map(({ example }) => example);
  if (chosen.length === 0) return fail("DATA", "data.nothing_left", "The recipe's data operators left no training row.", "Use fewer or milder operators.");

  const tokenization = await createTokenization(llama, request.modelPath, signal);
  if (!tokenization.ok) return tokenization;
  const rows = await tokenization.value.rows([...chosen, ...validation], request.prompt, shots.value, signal);
  if (!rows.ok) return rows;
  const fits = (row: TokenizedRow) => row.tokens.length <= request.maxSequenceTokens;
  const trainRows = rows.value.slice(0, chosen.length).filter(fits);
  if (trainRows.length === 0) {
    return fail("DATA", "data.all_too_long", `All ${chosen.length} training rows are longer than ${request.maxSequenceTokens} tokens.`, "Raise maxSequenceTokens, show fewer worked examples, or shorten the rows.");
  }
  const validationRows = rows.value.slice(chosen.length).filter(fits);
  try {
    await mkdir(request.outDirectory, { recursive: true });
    const trainPath = join(request.outDirectory, "train.jsonl");
    const validationPath = join(request.outDirectory, "validation.jsonl");
    const dataSha256 = await writeRows(trainPath, trainRows, signal);
    // A recipe whose long prompts push out every validation row validates on a training row rather than on nothing.
    await writeRows(validationPath, validationRows.length > 0 ? validationRows : trainRows.slice(0, 1), signal);
    return ok({ trainPath, validationPath, rows: trainRows.length, droppedRows: chosen.length - trainRows.length, tokens: trainRows.reduce((sum, row) => sum + row.tokens.length, 0), dataSha256 });
  } catch (error) {
    return error instanceof FailureError ? err(error.failure) : err(failureOfIo(error, "Cannot write the training rows", "The run is unchanged."));
  }
}

/**
 * Sets a small slice of the training split aside: one row per question and only undisputed ones, the same for every recipe.
 * No row that asks the same stays in training.
 */
async function withoutValidation(train: readonly KeyedExample[]): Promise<{ validation: readonly Example[]; rest: readonly KeyedExample[] }> {
  const groups = [...groupBy(train, ({ group }) => group, ({ example }) => example)];
  const undisputed = groups.filter(([, [first, ...others]]) => first !== undefined && others.every((other) => answerOf(other) === answerOf(first)));
  const count = Math.max(1, Math.min(mostValidationRows, Math.floor(train.length * validationShare)));
  const drawn = await firstInOrder(undisputed, ([group]) => group, validationSeed, count);
  const held = new Set(drawn.map(([group]) => group));
  return { validation: drawn.flatMap(([, [first]]) => first ?? []), rest: train.filter(({ group }) => !held.has(group)) };
}

async function writeRows(path: string, rows: readonly TokenizedRow[], signal: AbortSignal): Promise<string> {
  const writer = await createRowWriter(path);
  try {
    for (const { tokens, train } of rows) {
      if (signal.aborted) throw new FailureError(cancelledFailure);
      await writer.write({ tokens, train });
    }
    return await writer.finish();
  } finally {
    await writer.discard();
  }
}
