import { ok, type EvaluateRequest, type Example, type LlamaHost, type Result, type Scorer } from "../contract/index.js";
import { answerOf, type Shots, type Tokenization } from "../data/index.js";
import type { ScoredItem } from "./item-log.js";
import { exactMatch, jsonFields, judgeChoices } from "./metrics.js";

/** What scoring a batch of items needs; made once per evaluation. */
export interface ScoringTools {
  readonly llama: LlamaHost;
  readonly scorer: Scorer;
  readonly tokenization: Tokenization;
  readonly shots: Shots;
  readonly request: EvaluateRequest;
  /** Called within a batch, with the items done in it so far. */
  readonly onProgress: (doneInBatch: number) => void;
}

/** Scores a batch in order by the request's metric. */
export function scoreBatch(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<readonly ScoredItem[]>> {
  switch (tools.request.metric) {
    case "exact-match": return byGeneration(tools, items, exactMatch, signal);
    case "json-fields": return byGeneration(tools, items, jsonFields, signal);
    case "multiple-choice": return byChoices(tools, items, signal);
    case "perplexity": return byLikelihood(tools, items, signal);
  }
}

/** llama.cpp answers with the exported file; the whole answer is judged, nothing is cut out of it. */
async function byGeneration(tools: ScoringTools, items: readonly Example[], judge: typeof exactMatch, signal: AbortSignal): Promise<Result<readonly ScoredItem[]>> {
  const { llama, request, tokenization, shots } = tools;
  const prompts = await tokenization.prompts(items, request.prompt, shots, signal);
  if (!prompts.ok) return prompts;
  const { modelPath, adapterPath, threads, maxAnswerTokens } = request;
  const answers = await llama.generate({ modelPath, adapterPath, prompts: prompts.value, maxTokens: maxAnswerTokens, threads, onProgress: tools.onProgress }, signal);
  if (!answers.ok) return answers;
  return ok(items.map((item, at) => {
    const generation = answers.value[at];
    const answer = generation?.text ?? "";
    const { score, figures } = judge(answerOf(item), answer);
    return { id: item.id, score, answer, figures: { ...figures, endedByItself: Number(generation?.stopReason === "end-of-turn"), answerTokens: generation?.tokens.length ?? 0 } };
  }));
}

async function byChoices(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<readonly ScoredItem[]>> {
  const { request, tokenization, shots } = tools;
  const pairs: { id: string; context: readonly number[]; continuation: readonly number[] }[] = [];
  for (const [at, item] of items.entries()) {
    const made = await tokenization.continuations(item, request.prompt, shots, item.choices ?? [answerOf(item)], signal);
    if (!made.ok) return made;
    for (const [choice, continuation] of made.value.continuations.entries()) pairs.push({ id: `${at}:${choice}`, context: made.value.context, continuation });
  }
  const scored = await score(tools, pairs, signal);
  if (!scored.ok) return scored;
  let next = 0;
  return ok(items.map((item) => {
    const choices = item.choices ?? [answerOf(item)];
    const own = scored.value.slice(next, next + choices.length);
    next += choices.length;
    const { chosen, judged } = judgeChoices(own.map((pair) => pair.logLikelihood), choices, item.answerIndex ?? 0);
    return { id: item.id, score: judged.score, answer: choices[chosen] ?? "", figures: { ...judged.figures } };
  }));
}

/** Natural-log likelihood of the given answer and the end of its turn, per token. */
async function byLikelihood(tools: ScoringTools, items: readonly Example[], signal: AbortSignal): Promise<Result<readonly ScoredItem[]>> {
  const { request, tokenization, shots } = tools;
  const rows = await tokenization.rows(items, request.prompt, shots, signal);
  if (!rows.ok) return rows;
  const pairs = rows.value.map((row, at) => ({ id: String(at), context: row.tokens.slice(0, row.answerStart), continuation: row.tokens.slice(row.answerStart) }));
  const scored = await score(tools, pairs, signal);
  if (!scored.ok) return scored;
  return ok(items.map((item, at) => {
    const { logLikelihood = 0, tokens = 1 } = scored.value[at] ?? {};
    return { id: item.id, score: logLikelihood / tokens, answer: "", figures: { logLikelihood, tokens, bytes: Buffer.byteLength(answerOf(item), "utf8") } };
  }));
}

function score({ scorer, request }: ScoringTools, pairs: Parameters<Scorer["score"]>[0]["pairs"], signal: AbortSignal): ReturnType<Scorer["score"]> {
  return scorer.score({ modelPath: request.modelPath, adapterPath: request.adapterPath, pairs, threads: request.threads }, signal);
}
