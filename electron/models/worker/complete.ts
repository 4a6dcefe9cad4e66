import { LlamaGrammarEvaluationState, type LlamaContextSequence, type LlamaModel, type Token } from "node-llama-cpp";
import { FailureError } from "../../contract/index.js";
import { renderConversation } from "../render-conversation.js";
import { failWith, type Engine } from "./engine.js";
import { prefill } from "./prefill.js";
import type { CallControl, WorkerCallOf, WorkerResult } from "./protocol.js";
import { chatTemplateOf, tokenizeSegments } from "./tokenize.js";

/** Contexts are made in these steps, so that calls of nearly the same length share one and its evaluated prefix. */
const contextStepTokens = 2048;

let kept: { context: object; sequence: LlamaContextSequence } | undefined;

/** One agent turn in the model's own chat template. Sampled, or greedy at temperature 0; a schema becomes a grammar. */
export async function complete(engine: Engine, call: WorkerCallOf<"complete">, control: CallControl): Promise<WorkerResult<"complete">> {
  const model = await engine.model(call.modelPath, null, control);
  const prompt = promptTokens(model, call);
  const needed = prompt.length + call.maxTokens + 1;
  if (needed > model.trainContextSize) {
    failWith("CONFIG", "llama.context_too_small", `This turn needs ${needed} tokens and the model ${model.filename ?? ""} was made for ${model.trainContextSize}.`, "Choose an agent model with a longer context.");
  }
  const tokensPerSequence = Math.min(model.trainContextSize, Math.ceil(needed / contextStepTokens) * contextStepTokens);
  const threads = (await engine.isTiny(model)) ? 1 : (await engine.llama()).cpuMathCores;
  const [context] = await engine.contexts(model, { purpose: "turn", adapterPath: null, count: 1, sequences: 1, tokensPerSequence, threads }, control);
  if (context === undefined) throw new Error("no context was made");
  if (kept?.context !== context) kept = { context, sequence: context.getSequence() };
  const { sequence } = kept;

  const grammar = call.jsonSchema === null ? undefined : await (await engine.llama()).createGrammarForJsonSchema(call.jsonSchema as Parameters<Awaited<ReturnType<Engine["llama"]>>["createGrammarForJsonSchema"]>[0]);
  const grammarEvaluationState = grammar === undefined ? undefined : new LlamaGrammarEvaluationState({ model, grammar });

  const startedMs = performance.now();
  const isLate = (): boolean => performance.now() - startedMs > call.timeLimitMs;
  const rest = await prefill(sequence, prompt, () => {
    control.progress(null);
    control.signal.throwIfAborted();
    if (isLate()) failWith("TIMEOUT", "llama.time_limit", `The model read only a part of its prompt within ${Math.round(call.timeLimitMs / 1000)} seconds.`, "Choose a smaller agent model.");
  });
  const tokens: Token[] = [];
  let text = "";
  const options = { temperature: call.temperature, topP: 0.95, seed: call.seed, yieldEogToken: true, ...(grammarEvaluationState === undefined ? {} : { grammarEvaluationState }) };
  for await (const token of sequence.evaluate(rest, options)) {
    control.signal.throwIfAborted();
    if (model.isEogToken(token)) break;
    tokens.push(token);
    const whole = model.detokenize(tokens, false);
    control.progress(null, whole.slice(text.length));
    text = whole;
    if (tokens.length >= call.maxTokens || isLate()) break;
    // The grammar would allow white space for ever after the closing brace.
    if (grammar !== undefined && isWholeJson(text)) break;
  }
  return { text, tokens: tokens.length, seconds: (performance.now() - startedMs) / 1000 };
}

function promptTokens(model: LlamaModel, call: WorkerCallOf<"complete">): Int32Array {
  const messages = [...(call.system === "" ? [] : [{ role: "system" as const, content: call.system }]), { role: "user" as const, content: call.user }];
  const rendered = renderConversation(chatTemplateOf(model), messages, { addGenerationPrompt: true, bosToken: model.tokens.bosString ?? "", eosToken: model.tokens.eosString ?? "" });
  if (!rendered.ok) throw new FailureError(rendered.error);
  return tokenizeSegments(model, rendered.value, "as-model");
}

function isWholeJson(text: string): boolean {
  if (!/[}\]]\s*$/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
