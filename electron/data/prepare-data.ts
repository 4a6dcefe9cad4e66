import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { err, exampleSchema, FailureError, ok, type Data, type Example, type LlamaHost, type PreparedData, type Prompt, type Result } from "../contract/index.js";
import { failureOfIo, streamJsonLines, writeFileAtomic, writeJsonLines } from "../store/index.js";
import { createBreather } from "./breather.js";
import { cancelledFailure } from "./cancelled.js";
import { ContaminationCheck } from "./contamination.js";
import { charactersOf, importRows, type RowFacts } from "./import-rows.js";
import { keyExamples } from "./keyed-example.js";
import { formatRulesOf } from "./describe/format-rules.js";
import { inferSkill } from "./describe/infer-skill.js";
import { recommendMetric } from "./describe/recommend-metric.js";
import { answerOf } from "./identity.js";
import { chooseShots } from "./prompt/choose-shots.js";
import { coverShots } from "./prompt/cover-shots.js";
import { longestShotCharacters, poolRows, shotPool } from "./prompt/shot-pool.js";
import { noShots } from "./prompt/shots.js";
import { createTokenization } from "./prompt/tokenize-rows.js";
import { openDataset } from "./read/open-dataset.js";
import { createRowWriter } from "./row-writer.js";
import { coverageShotsPath, importPath, longestLineBytes, shotsPath, splitPath } from "./split-files.js";
import { planSplits, type SplitPlan } from "./splits.js";

type Request = Parameters<Data["prepare"]>[0];
type HeldOut = keyof SplitPlan["order"];

const bare: Prompt = { system: null, fewShot: 0, shotSelection: "fixed" };

/** Rows looked at in tokens: the longest in characters hold the longest in tokens but for odd scripts. */
const rowsMeasured = 512;

/**
 * Imports, splits, removes training rows that give held-out rows away, and seals. Rows pass through a file, so memory
 * holds a few numbers per row and not the data. Everything is written anew each time: after a crash, call it again.
 */
export async function prepareData(llama: LlamaHost, request: Request, signal: AbortSignal): Promise<Result<PreparedData>> {
  const opened = await openDataset(request.path, signal);
  if (!opened.ok) return opened;
  const dataFolder = join(request.runDirectory, "data");
  const importedPath = join(dataFolder, "imported.jsonl");
  try {
    await mkdir(dataFolder, { recursive: true });
    await mkdir(join(request.runDirectory, "vault"), { recursive: true, mode: 0o700 });
    const imported = await createRowWriter(importedPath, 0o600);
    let summary: Awaited<ReturnType<typeof importRows>>;
    try {
      summary = await importRows(opened.value, (example) => imported.write(example), signal);
      await imported.finish();
    } finally {
      await imported.discard();
    }
    const { report, rows } = summary;
    const plan = await planSplits(rows, request.seed, request.sizes);
    if (!plan.ok) return plan;

    const routed = await writeSplits(request.runDirectory, importedPath, rows, plan.value, signal);
    const candidates = await keyExamples(routed.shotCandidates);
    unwrap(await writeJsonLines(shotsPath(request.runDirectory), chooseShots(candidates, request.seed)));
    unwrap(await writeJsonLines(coverageShotsPath(request.runDirectory), await coverShots(candidates, request.seed, signal)));

    const tokenization = await createTokenization(llama, request.modelPath, signal);
    if (!tokenization.ok) return tokenization;
    const measured = await tokenization.value.rows(routed.longest, bare, noShots, signal);
    if (!measured.ok) return measured;

    // Any row of the pool may be shown to the question it is most like.
    const pool = shotPool(candidates, longestShotCharacters(candidates), ({ group }) => group);
    const shown = await tokenization.value.rows(longestOf(pool), bare, noShots, signal);
    if (!shown.ok) return shown;

    const { metric, reason } = recommendMetric(report, new Set(rows.map((row) => row.answer)).size);
    const prepared: PreparedData = {
      report, sizes: { ...plan.value.sizes, train: routed.trainRows },
      warnings: [...plan.value.warnings, ...warningsOf(report, routed.contaminated)],
      recommendedMetric: metric, metricReason: reason,
      longestTokens: Math.max(0, ...measured.value.map((row) => row.tokens.length)),
      longestAnswerTokens: Math.max(0, ...measured.value.map((row) => row.tokens.length - row.answerStart)),
      shotTokens: Math.max(0, ...shown.value.map((row) => row.tokens.length)),
      droppedByContamination: routed.contaminated,
      formatRules: formatRulesOf(routed.shotCandidates.map(answerOf)),
      skill: inferSkill(routed.shotCandidates).skill,
    };
    const { contextLength } = request;
    unwrap(await writeFileAtomic(importPath(request.runDirectory), `${JSON.stringify({ ...prepared, contextLength }, null, 2)}\n`));
    return ok(prepared);
  } catch (error) {
    return error instanceof FailureError ? err(error.failure) : err(failureOfIo(error, "Cannot write the run's data", "The file you gave is unchanged."));
  } finally {
    await rm(importedPath, { force: true });
  }
}

/** A few chosen rows of each kind are kept in memory; the training split goes from file to file. Throws FailureError. */
async function writeSplits(runDirectory: string, importedPath: string, rows: readonly RowFacts[], plan: SplitPlan, signal: AbortSignal) {
  const longest = longestRows(rows);
  const held = new Map<number, Example>();
  const long: Example[] = [];
  const check = new ContaminationCheck();
  for await (const { index, example } of stream(importedPath, signal)) {
    const place = plan.places[index];
    if (longest.has(index)) long.push(example);
    if (place === "train" || place === "repeat") continue;
    held.set(index, example);
    check.addHeldOut(example);
  }
  for (const split of Object.keys(plan.order) as HeldOut[]) {
    const sealed = split !== "dev-search";
    unwrap(await writeJsonLines(splitPath(runDirectory, split), plan.order[split].flatMap((index) => held.get(index) ?? []), sealed ? { mode: 0o600 } : {}));
  }
  for await (const { index, example } of stream(importedPath, signal)) if (plan.places[index] === "train") check.count(example);

  const shotCandidates: Example[] = [];
  let trainRows = 0;
  let contaminated = 0;
  const writer = await createRowWriter(splitPath(runDirectory, "train"));
  try {
    for await (const { index, example } of stream(importedPath, signal)) {
      if (plan.places[index] !== "train") continue;
      if (check.isContaminated(example)) {
        contaminated += 1;
        continue;
      }
      trainRows += 1;
      if (shotCandidates.length < poolRows) shotCandidates.push(example);
      await writer.write(example);
    }
    await writer.finish();
  } finally {
    await writer.discard();
  }
  return { longest: long, shotCandidates, trainRows, contaminated };
}

function longestRows(rows: readonly RowFacts[]): Set<number> {
  return new Set(rows.map((row, index) => ({ index, characters: row.characters })).sort((left, right) => right.characters - left.characters).slice(0, rowsMeasured).map(({ index }) => index));
}

const longestOf = (pool: readonly Example[]): Example[] => [...pool].sort((left, right) => charactersOf(right) - charactersOf(left)).slice(0, rowsMeasured);

async function* stream(path: string, signal: AbortSignal): AsyncGenerator<{ index: number; example: Example }> {
  const breathe = createBreather();
  let index = 0;
  for await (const { result } of streamJsonLines(path, exampleSchema, { maximumLineBytes: longestLineBytes })) {
    if (signal.aborted) throw new FailureError(cancelledFailure);
    if (!result.ok) throw new FailureError(result.error);
    await breathe();
    yield { index, example: result.value };
    index += 1;
  }
}

function warningsOf(report: PreparedData["report"], contaminated: number): string[] {
  const rejected = report.rejected.reduce((sum, entry) => sum + entry.count, 0);
  const warnings: string[] = [];
  if (rejected > 0) warnings.push(`${rejected} of ${report.rows} rows could not be used; the most frequent reason: ${report.rejected[0]?.reason ?? ""}.`);
  if (report.conflicts > 0) warnings.push(`${report.conflicts} rows contradict another row with the same question.`);
  if (contaminated > 0) warnings.push(`${contaminated} training rows were removed because they repeat text of held-out rows.`);
  return warnings;
}

function unwrap<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new FailureError(result.error);
  return result.value;
}
