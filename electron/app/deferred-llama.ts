import type { LlamaHost } from "../contract/index.js";

/**
 * A llama host that is made with its first real call: which back end it takes depends on a look at the machine, which
 * commands such as `trex ls` need not wait for.
 */
export function deferLlama(make: () => Promise<LlamaHost>): LlamaHost {
  let made: Promise<LlamaHost> | null = null;
  const host = (): Promise<LlamaHost> => (made ??= make());
  return {
    tokenize: async (request, signal) => await (await host()).tokenize(request, signal),
    templateOf: async (modelPath, signal) => await (await host()).templateOf(modelPath, signal),
    generate: async (request, signal) => await (await host()).generate(request, signal),
    complete: async (request, signal) => await (await host()).complete(request, signal),
    embed: async (request, signal) => await (await host()).embed(request, signal),
    memoryBytes: async () => (made === null ? 0 : await (await made).memoryBytes()),
    release: async () => { if (made !== null) await (await made).release(); },
  };
}
