export { createTrainClient, type TrainClient, type WeightType } from "./client.js";
export { findTrainer } from "./binary.js";
export type { BenchAnswer, ModelInfo, TrainerDevices } from "./protocol.js";
