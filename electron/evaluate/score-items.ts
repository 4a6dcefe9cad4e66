import { ok, type EvaluateRequest, type Example, type LlamaHost, type MetricName, type Result, type Scorer } from "../contract/index.js";
import { answerOf, type Shots, type Tokenization } from "../data/index.js";
import type { ScoredItem } from "./item-log.js";
import { exactMatch, jsonFields, judgeChoices } from "./metrics.js";
import { itemsOfCalls, mostPairsPerCall, type Pair } from "./score-calls.js";

/**
 * Items per call of llama.cpp. Fixed, and batches always begin at its multiples: its sums depend a little on what is decoded
 * together, so an evaluation that was interrupted must see the same batches as one that was not.
 */
const generatedPerBatch = 64;

/** What scoring items needs; made once per evaluation. */
export interface ScoringTools {
  readonly llama: LlamaHost;
  readonly scorer: Scorer;
  readonly tokenization: Tokenization;
  readonly shots: Shots;
  readonly request: EvaluateRequest;
  /** Called within a batch, with the items done in it so far. */
  readonly onProgress: (doneInBatch: number) => void;
  /** Takes items as soon as they are scored, in order. */
  readonly keep: (items: readonly ScoredItem[]) => Promise<Result<void>>;
}

const isGenerated = (metric: MetricName): boolean => metric === "exact-match" || metric === "json-fields";

/** Only whole multiples of so many items may be kept of an evaluation that was interrupted. trex-train's scores do not depend on what is scored together. */
export const keptTogether = (metric: MetricName): number => (isGenerated(metric) ? generatedPerBatch : 1);

/** The items to score next: what is laid out and held in memory together. */
export function nextBatch(metric: MetricName, items: readonly Example[], from: number): readonly Example[] {
  if (isGenerated(metric)) return items.slice(from, from + generatedPerBatch);
  let pairs = 0;
  let to = from;
  while (to < items.length && (to === from || pairs + pairsIn(items[to]) <= mostPairsPerCall)) {
    pairs += pairsIn(items[to]);
    to += 1;
  }
  return items.slice(from, to);
}

const pairsIn = (item: Example | undefined): number => item?.choices?.length ?? 1;

/** Scores a batch in order by the request's metric, and hands all of it to `keep`. */
export function scoreBatch(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<void>> {
  switch (tools.request.metric) {
    case "exact-match": return byGeneration(tools, items, exactMatch, signal);
    case "json-fields": return byGeneration(tools, items, jsonFields, signal);
    case "multiple-choice": return byChoices(tools, items, signal);
    case "perplexity": return byLikelihood(tools, items, signal);
  }
}

/** llama.cpp answers with the exported file; the whole answer is judged, nothing is cut out of it. */
async function byGeneration(tools: ScoringTools, items: readonly Example[], judge: typeof exactMatch, signal: AbortSignal): Promise<Result<void>> {
  const { llama, request, tokenization, shots } = tools;
  const prompts = await tokenization.prompts(items, request.prompt, shots, signal);
  if (!prompts.ok) return prompts;
  const { modelPath, adapterPath, threads, maxAnswerTokens } = request;
  const answers = await llama.generate({ modelPath, adapterPath, prompts: prompts.value, maxTokens: maxAnswerTokens, threads, onProgress: tools.onProgress }, signal);
  if (!answers.ok) return answers;
  return await tools.keep(items.map((item, at) => {
    const generation = answers.value[at];
    const answer = generation?.text ?? "";
    const { score, figures } = judge(answerOf(item), answer);
    return { id: item.id, score, answer, figures: { ...figures, endedByItself: Number(generation?.stopReason === "end-of-turn"), answerTokens: generation?.tokens.length ?? 0 } };
  }));
}

async function byChoices(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<void>> {
  const { request, tokenization, shots } = tools;
  const pairs: Pair[][] = [];
  for (const [at, item] of items.entries()) {
    const made = await tokenization.continuations(item, request.prompt, shots, item.choices ?? [answerOf(item)], signal);
    if (!made.ok) return made;
    const { context, continuations } = made.value;
    pairs.push(continuations.map((continuation, choice) => ({ id: `${at}:${choice}`, context, continuation })));
  }
  return await scoreInCalls(tools, items, pairs, (item, own) => {
    const choices = item.choices ?? [answerOf(item)];
    const { chosen, judged } = judgeChoices(own.map((pair) => pair.logLikelihood), choices, item.answerIndex ?? 0);
    return { id: item.id, score: judged.score, answer: choices[chosen] ?? "", figures: { ...judged.figures } };
  }, signal);
}

/** Natural-log likelihood of the given answer and the end of its turn, per token. */
async function byLikelihood(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<void>> {
  const { request, tokenization, shots } = tools;
  const rows = await tokenization.rows(items, request.prompt, shots, signal);
  if (!rows.ok) return rows;
  const pairs = rows.value.map((row, at) => [{ id: String(at), context: row.tokens.slice(0, row.answerStart), continuation: row.tokens.slice(row.answerStart) }]);
  return await scoreInCalls(tools, items, pairs, (item, own) => {
    const { logLikelihood = 0, tokens = 1 } = own[0] ?? {};
    return { id: item.id, score: logLikelihood / tokens, answer: "", figures: { logLikelihood, tokens, bytes: Buffer.byteLength(answerOf(item), "utf8") } };
  }, signal);
}

type Likelihood = Extract<Awaited<ReturnType<Scorer["score"]>>, { ok: true }>["value"][number];

/** `pairs` are those of each item. What one call scored is kept before the next begins. */
async function scoreInCalls({ scorer, request, keep }: ScoringTools, items: readonly Example[], pairs: readonly (readonly Pair[])[], judge: (item: Example, own: readonly Likelihood[]) => ScoredItem, signal: AbortSignal): Promise<Result<void>> {
  const { modelPath, adapterPath, threads } = request;
  let from = 0;
  for (const count of itemsOfCalls(pairs)) {
    const asked = pairs.slice(from, from + count);
    const scored = await scorer.score({ modelPath, adapterPath, pairs: asked.flat(), threads }, signal);
    if (!scored.ok) return scored;
    let next = 0;
    const kept = await keep(items.slice(from, from + count).map((item, at) => {
      const own = scored.value.slice(next, next + (asked[at]?.length ?? 0));
      next += own.length;
      return judge(item, own);
    }));
    if (!kept.ok) return kept;
    from += count;
  }
  return ok(undefined);
}
