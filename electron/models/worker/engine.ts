import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { getLlama, LlamaLogLevel, type Llama, type LlamaContext, type LlamaModel } from "node-llama-cpp";
import { FailureError, type FailureClass } from "../../contract/index.js";
import type { CallControl } from "./protocol.js";

/** What a context is made for. Equal wishes get the same context, so that it is built once per adapter. */
export interface ContextWish {
  /** An agent keeps its sequence between turns, so it never shares a context with batched answers. */
  readonly purpose: "answers" | "turn";
  readonly adapterPath: string | null;
  readonly sequences: number;
  /** Tokens each sequence can hold. */
  readonly tokensPerSequence: number;
  /** 0: as many as the machine has cores for arithmetic. */
  readonly threads: number;
}

/** Holds at most one loaded model, one vocabulary and one context; asking for another lets go of the one before. */
export interface Engine {
  vocabulary(modelPath: string, control: CallControl): Promise<LlamaModel>;
  model(modelPath: string, control: CallControl): Promise<LlamaModel>;
  context(model: LlamaModel, wish: ContextWish, control: CallControl): Promise<LlamaContext>;
  llama(): Promise<Llama>;
}

const batchTokens = 512;

export function failWith(failureClass: FailureClass, code: string, message: string, hint = ""): never {
  throw new FailureError({ class: failureClass, code, message, hint });
}

/** Error texts quote the file's own metadata: one short line of it, without control characters. */
function printable(text: string): string {
  return text.replace(/\p{C}+/gu, " ").trim().slice(0, 300).replace(/\.$/, "");
}

/** The file's identity: a file rewritten in place must not be served from memory. */
async function identityOf(path: string, what: "model" | "adapter"): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${path}\n${size}\n${mtimeMs}`;
  } catch {
    return failWith("CONFIG", `${what}.missing`, `The ${what} file ${basename(path)} cannot be read.`, "Check the path and that you may read the file.");
  }
}

export function createEngine(options: { gpu: "auto" | "off" }): Engine {
  let llamaPromise: Promise<Llama> | undefined;
  let lastComplaint = "";
  let loaded: { identity: string; model: LlamaModel } | undefined;
  let vocabulary: { identity: string; model: LlamaModel } | undefined;
  let context: { key: string; context: LlamaContext } | undefined;

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

  async function dropContext(): Promise<void> {
    const old = context;
    context = undefined;
    await old?.context.dispose();
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
    async vocabulary(modelPath, control) {
      const identity = await identityOf(modelPath, "model");
      if (loaded?.identity === identity) return loaded.model;
      if (vocabulary?.identity !== identity) {
        await vocabulary?.model.dispose();
        vocabulary = undefined;
        vocabulary = { identity, model: await load(modelPath, true, control) };
      }
      return vocabulary.model;
    },
    async model(modelPath, control) {
      const identity = await identityOf(modelPath, "model");
      if (loaded?.identity !== identity) {
        await dropContext();
        await loaded?.model.dispose();
        if (vocabulary?.identity === identity) {
          await vocabulary.model.dispose();
          vocabulary = undefined;
        }
        loaded = undefined;
        loaded = { identity, model: await load(modelPath, false, control) };
      }
      return loaded.model;
    },
    async context(model, wish, control) {
      const adapter = wish.adapterPath === null ? "" : await identityOf(wish.adapterPath, "adapter");
      const key = [wish.purpose, adapter, wish.sequences, wish.tokensPerSequence, wish.threads].join("\n");
      if (context?.key === key) return context.context;
      await dropContext();
      const instance = await llama();
      const threads = wish.threads === 0 ? instance.cpuMathCores : wish.threads;
      try {
        const made = await model.createContext({
          sequences: wish.sequences, contextSize: wish.tokensPerSequence, batchSize: batchTokens, threads: { ideal: threads, min: threads },
          // A smaller context than asked for would silently cut answers off.
          failedCreationRemedy: false, createSignal: control.signal,
          ...(wish.adapterPath === null ? {} : { lora: { adapters: [{ filePath: wish.adapterPath, scale: 1 }] } }),
        });
        context = { key, context: made };
        return made;
      } catch (error) {
        if (control.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        if (/lora|adapter/i.test(reason)) {
          return failWith("CONFIG", "adapter.not_loadable", `llama.cpp cannot apply the adapter ${basename(wish.adapterPath ?? "")} to ${model.filename ?? "the model"}: ${printable(reason)}`,
            "The adapter must be a GGUF adapter made for this very model.");
        }
        return failWith("OOM", "llama.context_memory", `There is not enough memory for ${wish.sequences} answers of ${wish.tokensPerSequence} tokens at once: ${printable(reason)}`, "Close other programs or use a smaller model.");
      }
    },
  };
}
