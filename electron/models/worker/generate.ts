import { freemem } from "node:os";
import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { failWith, type Engine } from "./engine.js";
import { prefill } from "./prefill.js";
import type { CallControl, WorkerCallOf, WorkerResult } from "./protocol.js";

/** Sequences decoded together: past this the batch gains nothing, measured on a 3M-parameter model on two cores. */
const mostSequences = 32;
const keyValueBytesLimit = 1 << 30;
interface Slot {
  readonly sequence: LlamaContextSequence;
  readonly promptIndex: number;
  readonly tokens: Token[];
  readonly iterator: ReturnType<LlamaContextSequence["evaluate"]>;
}

/**
 * Greedy answers to many prompts. In a context all sequences step together, one decoded batch a round, and contexts
 * share the prompts out by a fixed rule: the same request always sees the same batches and gives the same answers.
 *
 * A batch that is sampled holds one token of each sequence, in the order of the sequences' numbers. llama.cpp works
 * other batches off in another order and puts the results right when they are first read; node-llama-cpp 3.21 reads
 * them from several threads at once, and on a busy machine about one answer in a thousand came out wrong (measured).
 * A slot that finishes takes its context's next prompt and keeps what that shares with the one before (system text,
 * worked examples).
 */
export async function generate(engine: Engine, call: WorkerCallOf<"generate">, control: CallControl): Promise<WorkerResult<"generate">> {
  if (call.prompts.length === 0) return [];
  const model = await engine.model(call.modelPath, call.adapterPath, control);
  const longest = checkPrompts(model, call.prompts);
  const tokensPerSequence = Math.ceil((longest + call.maxTokens + 1) / 64) * 64;
  const cores = call.threads === 0 ? (await engine.llama()).cpuMathCores : call.threads;
  // A tiny model's batches are not worth sharing between threads: every core decodes batches of its own.
  const count = (await engine.isTiny(model)) ? Math.min(cores, call.prompts.length) : 1;
  const sequences = Math.max(1, Math.min(Math.ceil(call.prompts.length / count), mostSequences, Math.floor(sequencesThatFit(model, tokensPerSequence) / count)));
  const contexts = await engine.contexts(model, { purpose: "answers", adapterPath: call.adapterPath, count, sequences, tokensPerSequence, threads: (await engine.isTiny(model)) ? 1 : cores }, control);

  const results: WorkerResult<"generate"> = [];
  let done = 0;
  const finished = (index: number, answer: WorkerResult<"generate">[number]): void => {
    results[index] = answer;
    done += 1;
  };
  const shares = contexts.map((_context, share) => call.prompts.flatMap((prompt, index) => (index % contexts.length === share ? [{ prompt, index }] : [])));
  const ended = await Promise.allSettled(contexts.map((context, share) => answerShare(context, shares[share] ?? [], call.maxTokens, finished, () => {
    control.progress(done);
    control.signal.throwIfAborted();
  })));
  for (const outcome of ended) if (outcome.status === "rejected") throw outcome.reason;
  return results;
}

interface Prompt { readonly prompt: Int32Array; readonly index: number }

async function answerShare(context: LlamaContext, prompts: readonly Prompt[], maxTokens: number, finished: (index: number, answer: WorkerResult<"generate">[number]) => void, between: () => void): Promise<void> {
  const waiting = [...prompts];
  // All of them, always: so they come back, and are handed out again, in the order of their numbers.
  const sequences: LlamaContextSequence[] = [];
  while (context.sequencesLeft > 0) sequences.push(context.getSequence());
  const start = async (sequence: LlamaContextSequence, next: Prompt): Promise<Slot> => {
    const last = await prefill(sequence, next.prompt, between);
    return { sequence, promptIndex: next.index, tokens: [], iterator: sequence.evaluate(last, { temperature: 0, yieldEogToken: true }) };
  };
  try {
    let active: Slot[] = [];
    for (const sequence of sequences) {
      const next = waiting.shift();
      if (next !== undefined) active.push(await start(sequence, next));
    }
    while (active.length > 0) {
      between();
      // The context may still be finishing its last dispatch; tokens queued now could join it one by one, and the
      // batches, and with them the last digits, would depend on the machine's load. A turn later it is at rest.
      await new Promise(setImmediate);
      const steps = await Promise.all(active.map((slot) => slot.iterator.next()));
      const following: Slot[] = [];
      for (const [index, slot] of active.entries()) {
        const token = steps[index]?.value;
        const ended = token === undefined || context.model.isEogToken(token);
        if (!ended) slot.tokens.push(token);
        if (!ended && slot.tokens.length < maxTokens) { following.push(slot); continue; }
        await slot.iterator.return();
        finished(slot.promptIndex, { tokens: Int32Array.from(slot.tokens), text: textOf(context.model, slot, prompts), stopReason: ended ? "end-of-turn" : "length" });
        const next = waiting.shift();
        if (next !== undefined) following.push(await start(slot.sequence, next));
      }
      active = following;
    }
    between();
  } finally {
    // Frees the slots and forgets their state: the next request starts clean, on the same context.
    for (const sequence of sequences) await sequence.dispose();
  }
}

/** With the prompt's end in sight, a SentencePiece vocabulary knows whether a space belongs before the first word. */
function textOf(model: LlamaModel, slot: Slot, prompts: readonly Prompt[]): string {
  const prompt = prompts.find((candidate) => candidate.index === slot.promptIndex)?.prompt;
  return model.detokenize(slot.tokens, false, Array.from(prompt?.subarray(-4) ?? []) as Token[]);
}

function vocabularySizeOf(model: LlamaModel): number {
  // Typed as always there; a hostile file says otherwise.
  const metadata: { tokenizer?: { ggml?: { tokens?: readonly unknown[] } } } = model.fileInfo.metadata;
  return metadata.tokenizer?.ggml?.tokens?.length ?? 0;
}

function checkPrompts(model: LlamaModel, prompts: readonly Int32Array[]): number {
  const vocabularySize = vocabularySizeOf(model);
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
