import type { LlamaEmbeddingContext, LlamaModel } from "node-llama-cpp";
import { failWith, type Engine } from "./engine.js";
import type { CallControl, WorkerCallOf, WorkerResult } from "./protocol.js";

/** A passage of the library has some 400 tokens; what is longer is cut. */
const mostTokens = 2048;
/** For the marks a vocabulary puts around a text. */
const sparedTokens = 8;
const smallModelBytes = 1 << 28;

/**
 * What a text model is asked, so that the state at its last token sums the text up. Without it that state mostly tells which
 * sign came last (PromptEOL, arXiv 2307.16645).
 */
const summaryPrompt = { before: "The passage: \"", after: "\"\nThe passage, in one word: \"" };

/**
 * Unit-length vectors for comparing texts by meaning. An embedding model pools as its file says; a text model, whose file
 * says nothing, gives the state with which it would go on after "in one word".
 */
export async function embed(engine: Engine, call: WorkerCallOf<"embed">, control: CallControl): Promise<WorkerResult<"embed">> {
  if (call.texts.length === 0) return [];
  const model = await engine.model(call.modelPath, null, control);
  const pooled = hasOwnPooling(model);
  const before = pooled ? [] : model.tokenize(summaryPrompt.before);
  const after = pooled ? [] : model.tokenize(summaryPrompt.after);
  const room = Math.min(model.trainContextSize, mostTokens) - before.length - after.length - sparedTokens;
  if (room < 1) failWith("CONFIG", "llama.context_too_small", `The model ${model.filename ?? ""} was made for ${model.trainContextSize} tokens, too few to read a passage.`, "Choose another model for searching by meaning.");
  const inputs = call.texts.map((text) => [...before, ...model.tokenize(text === "" ? " " : text, false, "trimLeadingSpace").slice(0, room), ...after]);
  const longest = Math.max(...inputs.map(({ length }) => length)) + sparedTokens;
  const context = await createContext(engine, model, Math.ceil(longest / 64) * 64, control);
  try {
    const vectors: Float32Array[] = [];
    for (const input of inputs) {
      control.progress(vectors.length);
      control.signal.throwIfAborted();
      vectors.push(unitLength((await context.getEmbeddingFor(input)).vector));
    }
    control.progress(vectors.length);
    return vectors;
  } finally {
    await context.dispose();
  }
}

async function createContext(engine: Engine, model: LlamaModel, tokens: number, control: CallControl): Promise<LlamaEmbeddingContext> {
  const threads = (await engine.isTiny(model)) ? 1 : (await engine.llama()).cpuMathCores;
  try {
    // A model that looks both ways has to see the whole text in one batch.
    return await model.createEmbeddingContext({ contextSize: tokens, batchSize: tokens, threads, createSignal: control.signal, ignoreMemorySafetyChecks: model.size < smallModelBytes });
  } catch (error) {
    if (control.signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    if (/not supported/iu.test(reason)) return failWith("CONFIG", "llama.no_embeddings", `The model ${model.filename ?? ""} cannot turn texts into vectors: ${reason}`, "Choose another model for searching by meaning.");
    return failWith("OOM", "llama.context_memory", "There is not enough memory to compare texts with this model.", "Close other programs or use a smaller model.");
  }
}

/** 0 in the file, or nothing: it pools nothing by itself (llama.cpp, enum llama_pooling_type). */
function hasOwnPooling(model: LlamaModel): boolean {
  const metadata: { pooling_type?: unknown } = model.fileInfo.architectureMetadata;
  return typeof metadata.pooling_type === "number" && metadata.pooling_type > 0;
}

function unitLength(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  if (!Number.isFinite(length) || length === 0) return failWith("ENV", "llama.bad_embedding", "The model gave a text no usable vector.", "Choose another model for searching by meaning.");
  return Float32Array.from(vector, (value) => value / length);
}
