import { freemem } from "node:os";
import type { LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { failWith, type Engine } from "./engine.js";
import { prefill } from "./prefill.js";
import type { CallControl, WorkerCallOf, WorkerResult } from "./protocol.js";

/** Sequences decoded together: past this the batch gains nothing, measured on a 3M-parameter model on two cores. */
const mostSequences = 32;
const keyValueBytesLimit = 1 << 30;

interface Slot {
  readonly sequence: LlamaContextSequence;
  promptIndex: number;
  tokens: number[];
  iterator: AsyncGenerator<Token, void, void | Token | Token[]>;
}

/**
 * Greedy answers to many prompts. All sequences step together, one decoded batch a round, so the same request on a
 * fresh context always sees the same batches and gives the same answers. A slot that finishes takes the next prompt
 * and keeps what that prompt shares with the one before (system text, worked examples).
 */
export async function generate(engine: Engine, call: WorkerCallOf<"generate">, control: CallControl): Promise<WorkerResult<"generate">> {
  if (call.prompts.length === 0) return [];
  const model = await engine.model(call.modelPath, control);
  const longest = checkPrompts(model, call.prompts);
  const tokensPerSequence = Math.ceil((longest + call.maxTokens + 1) / 64) * 64;
  const sequences = Math.max(1, Math.min(call.prompts.length, mostSequences, sequencesThatFit(model, tokensPerSequence)));
  const context = await engine.context(model, { purpose: "answers", adapterPath: call.adapterPath, sequences, tokensPerSequence, threads: call.threads }, control);

  const results: WorkerResult<"generate"> = [];
  let next = 0;
  let done = 0;
  const open = new Set<LlamaContextSequence>();
  try {
    let active: Slot[] = [];
    while (active.length < sequences) {
      const sequence = context.getSequence();
      open.add(sequence);
      active.push(await startPrompt({ sequence, promptIndex: next, prompt: promptAt(call, next) }, control));
      next += 1;
    }
    while (active.length > 0) {
      control.signal.throwIfAborted();
      const steps = await Promise.all(active.map((slot) => slot.iterator.next()));
      const following: Slot[] = [];
      for (const [index, slot] of active.entries()) {
        const step = steps[index];
        const token = step === undefined || step.done === true ? undefined : step.value;
        const ended = token === undefined || model.isEogToken(token);
        if (!ended) slot.tokens.push(token);
        if (!ended && slot.tokens.length < call.maxTokens) { following.push(slot); continue; }
        await slot.iterator.return();
        const prompt = promptAt(call, slot.promptIndex);
        results[slot.promptIndex] = {
          tokens: Int32Array.from(slot.tokens),
          text: model.detokenize(slot.tokens as Token[], false, Array.from(prompt.slice(-4)) as Token[]),
          stopReason: ended ? "end-of-turn" : "length",
        };
        done += 1;
        if (next < call.prompts.length) {
          following.push(await startPrompt({ sequence: slot.sequence, promptIndex: next, prompt: promptAt(call, next) }, control));
          next += 1;
        }
      }
      active = following;
      control.progress(done);
    }
    return results;
  } finally {
    // Frees the slots and forgets their state: the next request starts clean, on the same context.
    await Promise.all([...open].map((sequence) => sequence.dispose()));
  }
}

function promptAt(call: WorkerCallOf<"generate">, index: number): Int32Array {
  const prompt = call.prompts[index];
  if (prompt === undefined) throw new Error(`no prompt ${index}`);
  return prompt;
}

async function startPrompt({ sequence, promptIndex, prompt }: { sequence: LlamaContextSequence; promptIndex: number; prompt: Int32Array }, control: CallControl): Promise<Slot> {
  const rest = await prefill(sequence, prompt, () => { control.progress(null); control.signal.throwIfAborted(); });
  return { sequence, promptIndex, tokens: [], iterator: sequence.evaluate(rest, { temperature: 0, yieldEogToken: true }) };
}

function checkPrompts(model: LlamaModel, prompts: readonly Int32Array[]): number {
  const vocabularySize = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? Infinity;
  let longest = 0;
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length === 0) failWith("DATA", "llama.empty_prompt", `Prompt ${index + 1} has no tokens.`, "Give the model at least one token to answer.");
    for (const token of prompt) {
      // llama.cpp checks this too late: some builds end the process.
      if (token < 0 || token >= vocabularySize) failWith("DATA", "llama.token_outside_vocabulary", `Prompt ${index + 1} holds token ${token}, which this model's vocabulary of ${vocabularySize} does not have.`, "Tokenise the prompts with this very model.");
    }
    longest = Math.max(longest, prompt.length);
  }
  return longest;
}

/** Keys and values of one sequence in 16 bits: 2 · layers · kvHeads · headDim · 2 bytes a token. */
function sequencesThatFit(model: LlamaModel, tokensPerSequence: number): number {
  const metadata = model.fileInfo.architectureMetadata;
  const heads = largest(metadata.attention?.head_count) ?? 1;
  const kvHeads = largest(metadata.attention?.head_count_kv) ?? heads;
  const embedding = metadata.embedding_length ?? 4096;
  const headDim = metadata.attention?.key_length ?? embedding / heads;
  const bytesPerSequence = 2 * (metadata.block_count ?? 32) * kvHeads * headDim * 2 * tokensPerSequence;
  return Math.floor(Math.min(keyValueBytesLimit, freemem() / 4) / bytesPerSequence);
}

function largest(value: number | readonly number[] | undefined): number | undefined {
  return typeof value === "object" ? Math.max(...value) : value;
}
