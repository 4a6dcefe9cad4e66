import path from "node:path";
import { ok, type Clock, type Knowledge, type LlamaHost, type Result } from "../contract/index.js";
import type { StartWorker } from "../models/index.js";
import { createCardShelf, createDocumentReader, createKnowledge, createLibrary, createOnline, loadReaderPrompt, type CardShelf, type Library, type Online } from "../research/index.js";
import type { OpenSettings } from "./open-settings.js";
import type { Places } from "./places.js";

export interface KnowledgeServices {
  readonly shelf: CardShelf;
  readonly library: Library;
  readonly knowledge: Knowledge;
  readonly online: Online;
  dispose(): void;
}

/** The library, the cards, and the connectors behind the offline switch. */
export function createKnowledgeServices(options: {
  readonly places: Places;
  readonly clock: Clock;
  readonly llama: LlamaHost;
  readonly settings: OpenSettings;
  readonly hashOf: (file: string, signal: AbortSignal) => Promise<Result<string>>;
  readonly lease: (signal: AbortSignal) => Promise<() => Promise<void>>;
  readonly startWorker?: StartWorker;
}): KnowledgeServices {
  const { places, clock, llama, settings } = options;
  const shelf = createCardShelf({ home: places.home, cardsDirectory: places.cards });
  const reader = createDocumentReader(options.startWorker === undefined ? {} : { startWorker: options.startWorker });
  const library = createLibrary({
    home: places.home, shelf, reader, clock,
    embedder: {
      async model(signal) {
        const chosen = (await settings.data()).embeddingModelPath;
        if (chosen === null) return ok(null);
        const sha256 = await options.hashOf(chosen, signal);
        return sha256.ok ? ok({ path: chosen, sha256: sha256.value, name: path.basename(chosen) }) : sha256;
      },
      async name() {
        const chosen = (await settings.data()).embeddingModelPath;
        return chosen === null ? null : path.basename(chosen);
      },
      embed: async (request, signal) => await llama.embed(request, signal),
      lease: options.lease,
    },
    async cardModel() {
      const { agentModelPath } = await settings.data();
      if (agentModelPath === null) return null;
      const prompt = await loadReaderPrompt(places.prompts);
      return prompt.ok ? { llama, modelPath: agentModelPath, prompt: prompt.value, lease: options.lease } : null;
    },
  });
  const online = createOnline({ isOffline: () => settings.isOffline(), clock });
  return {
    shelf, library, knowledge: createKnowledge({ shelf, library }), online,
    dispose: () => library.release(),
  };
}
