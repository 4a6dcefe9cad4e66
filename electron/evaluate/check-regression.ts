import { ok, type Evaluator, type Generation, type LlamaHost, type Prompt, type Result, type Scorer } from "../contract/index.js";
import { createTokenization, noShots, type Tokenization } from "../data/index.js";
import { isLooping } from "./degenerate.js";
import { driftTexts, promptChecks } from "./regression-texts.js";

type Request = Parameters<Evaluator["regression"]>[0];
type Outcome = Awaited<ReturnType<Evaluator["regression"]>> extends Result<infer Value> ? Value : never;

interface Services {
  readonly llama: LlamaHost;
  readonly scorer: Scorer;
}

const maxAnswerTokens = 64;

/**
 * Thresholds. Prompt checks: the share of answers that neither loop nor are empty may fall by at most one answer or a
 * fifth, whichever is more. Drift: the general texts may cost at most 20 % more bits per byte than with the base model; a model
 * that was narrowed to one task crosses that, and the note says so.
 */
const shareTolerance = 0.2;
const driftTolerance = 1.2;

const bare: Prompt = { system: null, fewShot: 0, shotSelection: "fixed" };

/**
 * Compares base and candidate on behaviour the task does not ask for, as far as the guards ask. Without an adapter, or
 * without guards, there is nothing to compare.
 */
export async function checkRegression(services: Services, request: Request, signal: AbortSignal): Promise<Result<Outcome>> {
  const startedAt = performance.now();
  const tokenization = await createTokenization(services.llama, request.modelPath, signal);
  if (!tokenization.ok) return tokenization;
  const asked = promptChecks.filter(({ guard }) => request.guards.includes(guard));
  const prompts = await tokenization.value.prompts(asked.flatMap((check) => check.prompts.map((content) => ({ messages: [{ role: "user" as const, content }, { role: "assistant" as const, content: "" }] }))), bare, noShots, signal);
  if (!prompts.ok) return prompts;
  const base = await measure(services, tokenization.value, prompts.value, { ...request, adapterPath: null }, signal);
  if (!base.ok) return base;
  const candidate = await measure(services, tokenization.value, prompts.value, request, signal);
  if (!candidate.ok) return candidate;
  let from = 0;
  const checks: Check[] = asked.map(({ name, guard, prompts: { length } }) => {
    const share = (generations: readonly Generation[]) => generations.slice(from, from + length).filter(isSound).length / length;
    const [before, after] = [share(base.value.generations), share(candidate.value.generations)];
    from += length;
    const passed = after >= before - Math.max(shareTolerance, 1 / length) - 1e-9;
    return { name, guard, base: before, candidate: after, passed, note: `share of ${length} answers that are not empty and do not loop` };
  });
  if (base.value.bitsPerByte !== null && candidate.value.bitsPerByte !== null) checks.push(driftCheck(base.value.bitsPerByte, candidate.value.bitsPerByte));
  return ok({ checks, seconds: (performance.now() - startedAt) / 1000 });
}

type Check = Outcome["checks"][number];

/** General text belongs to the guard "general", with the ordinary requests. */
function driftCheck(base: number, candidate: number): Check {
  const passed = candidate <= base * driftTolerance;
  const note = passed ? "bits per byte of general text, lower is better" : "bits per byte of general text, lower is better: the adapter has narrowed the model to its task; use the base model for other work";
  return { name: "general text", guard: "general", base, candidate, passed, note };
}

/** One side of the comparison. Only what a guard asks for is run. */
async function measure({ llama, scorer }: Services, tokenization: Tokenization, prompts: readonly (readonly number[])[], request: Request, signal: AbortSignal): Promise<Result<{ generations: readonly Generation[]; bitsPerByte: number | null }>> {
  const { modelPath, adapterPath, threads } = request;
  const generations = prompts.length === 0 ? ok([]) : await llama.generate({ modelPath, adapterPath, prompts, maxTokens: maxAnswerTokens, threads }, signal);
  if (!generations.ok) return generations;
  const drift = request.guards.includes("general") ? await bitsPerByte(scorer, tokenization, request, signal) : ok(null);
  return drift.ok ? ok({ generations: generations.value, bitsPerByte: drift.value }) : drift;
}

const isSound = (generation: Generation): boolean => generation.text.trim() !== "" && !isLooping(generation.tokens);

async function bitsPerByte(scorer: Scorer, tokenization: Tokenization, request: Request, signal: AbortSignal): Promise<Result<number>> {
  const examples = driftTexts.map(({ prompt, answer }, at) => ({ id: String(at), sourceRow: at + 1, messages: [{ role: "user" as const, content: prompt }, { role: "assistant" as const, content: answer }] }));
  const rows = await tokenization.rows(examples, bare, noShots, signal);
  if (!rows.ok) return rows;
  const pairs = rows.value.map((row, at) => ({ id: String(at), context: row.tokens.slice(0, row.answerStart), continuation: row.tokens.slice(row.answerStart) }));
  const scored = await scorer.score({ modelPath: request.modelPath, adapterPath: request.adapterPath, pairs, threads: request.threads }, signal);
  if (!scored.ok) return scored;
  const total = scored.value.reduce((sum, pair) => sum + pair.logLikelihood, 0);
  return ok(-total / Math.LN2 / driftTexts.reduce((sum, { answer }) => sum + Buffer.byteLength(answer, "utf8"), 0));
}
