import { stat } from "node:fs/promises";
import { fail, ok, type EvaluateOutcome, type EvaluateRequest, type Example, type LlamaHost, type Result, type SampleAnswer, type Scorer } from "../contract/index.js";
import { answerOf, createTokenization, openShots, readSplit } from "../data/index.js";
import { estimateOf } from "../stats/index.js";
import { failureProfile } from "./failure-profile.js";
import { openItemLog, type ScoredItem } from "./item-log.js";
import { keptTogether, nextBatch, scoreBatch, type ScoringTools } from "./score-items.js";

const mostSamples = 12;

/**
 * Scores a split with the exported file. Items are appended to `outPath` as they are scored and are not scored again.
 * Errors: those of the split's file, the template, llama.cpp and trex-train.
 */
export async function evaluateSplit({ llama, scorer }: { llama: LlamaHost; scorer: Scorer }, request: EvaluateRequest, signal: AbortSignal): Promise<Result<EvaluateOutcome>> {
  const startedAt = performance.now();
  const [split, shots] = await Promise.all([readSplit(request.runDirectory, request.split), openShots(request.runDirectory, request.prompt, signal)]);
  if (!split.ok) return split;
  if (!shots.ok) return shots;
  const items = split.value.slice(0, request.limit);
  if (items.length === 0) return fail("DATA", "evaluate.no_items", `The split ${request.split} holds no items.`, "Give more data.");

  const log = await openItemLog(request.outPath, await subjectOf(request), items.map((item) => item.id), keptTogether(request.metric));
  if (!log.ok) return log;
  const scored = [...log.value.done];
  const tokenization = await createTokenization(llama, request.modelPath, signal);
  if (!tokenization.ok) return tokenization;
  request.onProgress({ done: scored.length, total: items.length });
  const keep: ScoringTools["keep"] = async (made) => {
    const written = await log.value.append(made);
    if (!written.ok) return written;
    scored.push(...made);
    request.onProgress({ done: scored.length, total: items.length });
    return ok(undefined);
  };
  while (scored.length < items.length) {
    const from = scored.length;
    const onProgress = (doneInBatch: number) => request.onProgress({ done: from + doneInBatch, total: items.length });
    const tools = { llama, scorer, tokenization: tokenization.value, shots: shots.value, request, onProgress, keep };
    const done = await scoreBatch(tools, nextBatch(request.metric, items, from), signal);
    if (!done.ok) return done;
  }
  return ok({
    estimate: estimateOf(scored.map((item) => item.score), request.seed),
    items: scored.map(({ id, score, answer }) => ({ id, score, answer })),
    secondary: secondaryOf(request, scored),
    samples: request.split === "dev-search" ? samplesOf(items, scored) : [],
    failures: request.split === "dev-search" ? failureProfile(request.metric, items, scored) : [],
    itemsPath: request.outPath,
    seconds: (performance.now() - startedAt) / 1000,
  });
}

/** What makes two evaluations the same one. Files are told apart by size and time of change: hashing gigabytes each time would cost more than it saves. */
async function subjectOf(request: EvaluateRequest): Promise<Record<string, unknown>> {
  const stamp = async (path: string | null) => {
    const status = path === null ? null : await stat(path).catch(() => null);
    return status === null ? null : { path, bytes: status.size, changedMs: status.mtimeMs };
  };
  // As it was written before there were other selections, so that an evaluation begun then goes on.
  const { system, fewShot, shotSelection } = request.prompt;
  const prompt = fewShot === 0 || shotSelection === "fixed" ? { system, fewShot } : { system, fewShot, shotSelection };
  return {
    split: request.split, limit: request.limit ?? null, metric: request.metric, prompt,
    maxAnswerTokens: request.maxAnswerTokens, model: await stamp(request.modelPath), adapter: await stamp(request.adapterPath),
  };
}

/** Means of the items' figures; perplexity and bits per byte are taken over all tokens and bytes together. */
function secondaryOf(request: EvaluateRequest, items: readonly ScoredItem[]): Record<string, number> {
  const sum = (name: string) => items.reduce((total, item) => total + (item.figures[name] ?? 0), 0);
  if (request.metric === "perplexity") {
    return { perplexity: Math.exp(-sum("logLikelihood") / sum("tokens")), bitsPerByte: -sum("logLikelihood") / sum("bytes") / Math.LN2 };
  }
  return Object.fromEntries(Object.keys(items[0]?.figures ?? {}).map((name) => [name, sum(name) / items.length]));
}

/** As many wrong as right answers where there are both, in the split's order. */
function samplesOf(items: readonly Example[], scored: readonly ScoredItem[]): SampleAnswer[] {
  const middle = scored.map((item) => item.score).sort((left, right) => left - right)[Math.floor(scored.length / 2)] ?? 0;
  const isRight = (item: ScoredItem) => (item.score <= 0 && middle < 0 ? item.score >= middle : item.score >= 1);
  const places = (right: boolean) => scored.flatMap((item, at) => (isRight(item) === right ? [at] : []));
  const [right, wrong] = [places(true), places(false)];
  const half = mostSamples / 2;
  const wrongs = wrong.slice(0, Math.max(half, mostSamples - right.length));
  const chosen = [...wrongs, ...right.slice(0, mostSamples - wrongs.length)].sort((left, other) => left - other);
  return chosen.flatMap((at) => {
    const [item, result] = [items[at], scored[at]];
    if (item === undefined || result === undefined) return [];
    const perToken = result.figures.tokens;
    const answer = perToken === undefined ? result.answer : `perplexity ${Math.exp(-result.score).toFixed(2)} over ${perToken} tokens`;
    return [{ prompt: item.messages.at(-2)?.content ?? "", expected: answerOf(item), answer, score: result.score }];
  });
}
