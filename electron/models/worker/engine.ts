import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { getLlama, type Llama, type LlamaLogLevel, type LlamaContext, type LlamaModel } from "node-llama-cpp";
import { FailureError, type FailureClass } from "../../contract/index.js";
import type { CallControl } from "./protocol.js";

/** What contexts are made for. Equal wishes get the same contexts, so that they are built once per adapter. */
export interface ContextWish {
  /** An agent keeps its sequence between turns, so it never shares a context with batched answers. */
  readonly purpose: "answers" | "turn";
  readonly adapterPath: string | null;
  /** So many contexts, alike; they decode at the same time. */
  readonly count: number;
  /** In each context. */
  readonly sequences: number;
  /** Tokens each sequence can hold. */
  readonly tokensPerSequence: number;
  /** For each context. */
  readonly threads: number;
}

/** Holds at most one loaded model, one vocabulary and one set of contexts; asking for another lets go of the one before. */
export interface Engine {
  vocabulary(modelPath: string, control: CallControl): Promise<LlamaModel>;
  /** With weights, fit for this adapter: node-llama-cpp keeps every adapter it ever read until its model goes. */
  model(modelPath: string, adapterPath: string | null, control: CallControl): Promise<LlamaModel>;
  contexts(model: LlamaModel, wish: ContextWish, control: CallControl): Promise<readonly LlamaContext[]>;
  llama(): Promise<Llama>;
  /** Decoded on the processor in batches so small that threads sharing one would mostly wait for each other. */
  isTiny(model: LlamaModel): Promise<boolean>;
}

const batchTokens = 512;
const smallModelBytes = 1 << 28;
const adapterBytesLimit = 1 << 28;
/** Threads wait for each other after every operation of a batch: on a busy machine that made a tiny model fifty times slower. */
const tinyModelBytes = 1 << 26;

export function failWith(failureClass: FailureClass, code: string, message: string, hint = ""): never {
  throw new FailureError({ class: failureClass, code, message, hint });
}

/** Error texts quote the file's own metadata: one short line of it, without control characters. */
function printable(text: string): string {
  return text.replace(/\p{C}+/gu, " ").trim().slice(0, 300).replace(/\.$/, "");
}

/** The file's identity: a file rewritten in place must not be served from memory. */
async function identityOf(path: string, what: "model" | "adapter"): Promise<{ identity: string; sizeBytes: number }> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { identity: `${path}\n${size}\n${mtimeMs}`, sizeBytes: size };
  } catch {
    return failWith("CONFIG", `${what}.missing`, `The ${what} file ${basename(path)} cannot be read.`, "Check the path and that you may read the file.");
  }
}

export function createEngine(options: { gpu: "auto" | "off" }): Engine {
  let llamaPromise: Promise<Llama> | undefined;
  let lastComplaint = "";
  /** `adapters`: by path, what was read into the model. */
  let loaded: { identity: string; model: LlamaModel; adapters: Map<string, { identity: string; sizeBytes: number }> } | undefined;
  let vocabulary: { identity: string; model: LlamaModel } | undefined;
  let contexts: { key: string; made: LlamaContext[] } | undefined;

  const logger = (level: LlamaLogLevel, message: string): void => {
    const line = message.trim();
    const complaint = /error loading model:\s*(.+)$/i.exec(line)?.[1];
    if (complaint !== undefined) lastComplaint = complaint;
    process.stderr.write(`${level} ${line}\n`);
  };

  function llama(): Promise<Llama> {
    // maxThreads 0: each context says how many threads it wants, nothing shares them out between contexts.
    llamaPromise ??= getLlama({ gpu: options.gpu === "off" ? false : "auto", build: "never", skipDownload: true, maxThreads: 0, logger, progressLogs: false });
    return llamaPromise;
  }

  async function dropContexts(): Promise<void> {
    const old = contexts;
    contexts = undefined;
    for (const context of old?.made ?? []) await context.dispose();
  }

  async function load(modelPath: string, vocabOnly: boolean, control: CallControl): Promise<LlamaModel> {
    lastComplaint = "";
    const instance = await llama();
    try {
      return await instance.loadModel({ modelPath, vocabOnly, loadSignal: control.signal, onLoadProgress: () => { control.progress(null); } });
    } catch (error) {
      if (control.signal.aborted) throw error;
      const reason = lastComplaint === "" && error instanceof Error ? error.message : lastComplaint;
      return failWith("CONFIG", "model.not_loadable", `llama.cpp cannot load the model ${basename(modelPath)}: ${printable(reason)}.`,
        "Choose a complete GGUF file of a supported model; a file that holds only a vocabulary cannot answer.");
    }
  }

  return {
    llama,
    isTiny: async (model) => model.size < tinyModelBytes && (await llama()).gpu === false,
    async vocabulary(modelPath, control) {
      const { identity } = await identityOf(modelPath, "model");
      if (loaded?.identity === identity) return loaded.model;
      if (vocabulary?.identity !== identity) {
        await vocabulary?.model.dispose();
        vocabulary = undefined;
        vocabulary = { identity, model: await load(modelPath, true, control) };
      }
      return vocabulary.model;
    },
    async model(modelPath, adapterPath, control) {
      const { identity } = await identityOf(modelPath, "model");
      const adapter = adapterPath === null ? null : await identityOf(adapterPath, "adapter");
      if (loaded?.identity !== identity || (adapterPath !== null && adapter !== null && isCrowded(loaded.adapters, adapterPath, adapter))) {
        await dropContexts();
        await loaded?.model.dispose();
        if (vocabulary?.identity === identity) {
          await vocabulary.model.dispose();
          vocabulary = undefined;
        }
        loaded = undefined;
        loaded = { identity, model: await load(modelPath, false, control), adapters: new Map() };
      }
      if (adapterPath !== null && adapter !== null) loaded.adapters.set(adapterPath, adapter);
      return loaded.model;
    },
    async contexts(model, wish, control) {
      const adapter = wish.adapterPath === null ? "" : (await identityOf(wish.adapterPath, "adapter")).identity;
      const key = [wish.purpose, adapter, wish.count, wish.sequences, wish.tokensPerSequence, wish.threads].join("\n");
      if (contexts?.key === key) return contexts.made;
      await dropContexts();
      const made: LlamaContext[] = [];
      try {
        while (made.length < wish.count) made.push(await createContext(model, wish, control));
        contexts = { key, made };
        return made;
      } catch (error) {
        for (const context of made) await context.dispose();
        if (control.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        if (/lora|adapter/i.test(reason)) {
          return failWith("CONFIG", "adapter.not_loadable", `llama.cpp cannot apply the adapter ${basename(wish.adapterPath ?? "")} to ${model.filename ?? "the model"}: ${printable(reason)}.`,
            "The adapter must be a GGUF adapter made for this very model.");
        }
        return failWith("OOM", "llama.context_memory", `There is not enough memory for ${wish.count * wish.sequences} answers of ${wish.tokensPerSequence} tokens at once: ${printable(reason)}.`, "Close other programs or use a smaller model.");
      }
    },
  };
}

/** The file at this path was another one when it was read, or there is no room for one more. */
function isCrowded(adapters: ReadonlyMap<string, { identity: string; sizeBytes: number }>, path: string, adapter: { identity: string; sizeBytes: number }): boolean {
  const known = adapters.get(path);
  if (known !== undefined) return known.identity !== adapter.identity;
  const heldBytes = [...adapters.values()].reduce((sum, held) => sum + held.sizeBytes, 0);
  return adapters.size > 0 && heldBytes + adapter.sizeBytes > adapterBytesLimit;
}

function createContext(model: LlamaModel, wish: ContextWish, control: CallControl): Promise<LlamaContext> {
  return model.createContext({
    sequences: wish.sequences, contextSize: wish.tokensPerSequence, batchSize: batchTokens, threads: { ideal: wish.threads, min: wish.threads },
    // A smaller context than asked for would silently cut answers off.
    failedCreationRemedy: false, createSignal: control.signal,
    // The check simulates the whole load, 0.6 s of processor time for every new adapter: too much for a model that fits anywhere.
    ignoreMemorySafetyChecks: model.size < smallModelBytes,
    ...(wish.adapterPath === null ? {} : { lora: { adapters: [{ filePath: wish.adapterPath, scale: 1 }] } }),
  });
}
