import { ok, type Evaluator, type Generation, type LlamaHost, type Message, type Result, type Scorer } from "../contract/index.js";
import { createTokenization, type Tokenization } from "../data/index.js";
import { isLooping } from "./degenerate.js";
import { driftTexts, promptChecks } from "./regression-texts.js";

type Request = Parameters<Evaluator["regression"]>[0];
type Outcome = Awaited<ReturnType<Evaluator["regression"]>> extends Result<infer Value> ? Value : never;

const maxAnswerTokens = 64;

/**
 * Thresholds. Prompt checks: the share of answers that neither loop nor are empty may fall by at most one answer or a
 * fifth, whichever is more. Drift: the general texts may cost at most 20 % more bits per byte than with the base model; a model
 * that was narrowed to one task crosses that, and the note says so.
 */
const shareTolerance = 0.2;
const driftTolerance = 1.2;

/** Compares base and candidate on behaviour the task does not ask for. Without an adapter there is nothing to compare. */
export async function checkRegression({ llama, scorer }: { llama: LlamaHost; scorer: Scorer }, request: Request, signal: AbortSignal): Promise<Result<Outcome>> {
  const startedAt = performance.now();
  const tokenization = await createTokenization(llama, request.modelPath, signal);
  if (!tokenization.ok) return tokenization;
  const conversations = promptChecks.flatMap(({ prompts }) => prompts.map((content): Message[] => [{ role: "user", content }]));
  const prompts = await tokenization.value.prompts(conversations, signal);
  if (!prompts.ok) return prompts;
  const sides: { generations: readonly Generation[]; bitsPerByte: number }[] = [];
  for (const adapterPath of [null, request.adapterPath]) {
    const generations = await llama.generate({ modelPath: request.modelPath, adapterPath, prompts: prompts.value, maxTokens: maxAnswerTokens, threads: request.threads }, signal);
    if (!generations.ok) return generations;
    const drift = await bitsPerByte(scorer, tokenization.value, { ...request, adapterPath }, signal);
    if (!drift.ok) return drift;
    sides.push({ generations: generations.value, bitsPerByte: drift.value });
  }
  const [base, candidate] = sides;
  if (base === undefined || candidate === undefined) throw new Error("two sides were compared");
  let from = 0;
  const checks = promptChecks.map(({ name, prompts: asked }) => {
    const share = (generations: readonly Generation[]) => generations.slice(from, from + asked.length).filter(isSound).length / asked.length;
    const [before, after] = [share(base.generations), share(candidate.generations)];
    from += asked.length;
    const passed = after >= before - Math.max(shareTolerance, 1 / asked.length) - 1e-9;
    return { name, base: before, candidate: after, passed, note: `share of ${asked.length} answers that are not empty and do not loop` };
  });
  const passed = candidate.bitsPerByte <= base.bitsPerByte * driftTolerance;
  const note = passed ? "bits per byte of general text, lower is better" : "bits per byte of general text, lower is better: the adapter has narrowed the model to its task; use the base model for other work";
  return ok({ checks: [...checks, { name: "general text", base: base.bitsPerByte, candidate: candidate.bitsPerByte, passed, note }], seconds: (performance.now() - startedAt) / 1000 });
}

const isSound = (generation: Generation): boolean => generation.text.trim() !== "" && !isLooping(generation.tokens);

async function bitsPerByte(scorer: Scorer, tokenization: Tokenization, request: Request, signal: AbortSignal): Promise<Result<number>> {
  const examples = driftTexts.map(({ prompt, answer }, at) => ({ id: String(at), sourceRow: at + 1, messages: [{ role: "user" as const, content: prompt }, { role: "assistant" as const, content: answer }] }));
  const rows = await tokenization.rows(examples, { system: null, fewShot: 0 }, [], signal);
  if (!rows.ok) return rows;
  const pairs = rows.value.map((row, at) => ({ id: String(at), context: row.tokens.slice(0, row.answerStart), continuation: row.tokens.slice(row.answerStart) }));
  const scored = await scorer.score({ modelPath: request.modelPath, adapterPath: request.adapterPath, pairs, threads: request.threads }, signal);
  if (!scored.ok) return scored;
  const total = scored.value.reduce((sum, pair) => sum + pair.logLikelihood, 0);
  return ok(-total / Math.LN2 / driftTexts.reduce((sum, { answer }) => sum + Buffer.byteLength(answer, "utf8"), 0));
}
