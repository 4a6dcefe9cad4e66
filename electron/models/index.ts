export { defaultHomes, discoverModels, modelSources, type DiscoveredModel, type DiscoveryHome, type DiscoverOptions, type ModelSource } from "./discover-models.js";
export { createFileHasher } from "./file-hash.js";
export { createModels, trainerInfoSchema, type ModelsOptions } from "./inspect-model.js";
export { createLlamaHost, type LlamaHostOptions } from "./llama-host.js";
export { renderConversation, type RenderOptions } from "./render-conversation.js";
export { startNodeWorker, utilityProcessStarter, type StartWorker, type UtilityProcessModule, type WorkerProcess } from "./worker-process.js";
