export { createTrainClient, type TrainClient } from "./client.js";
export { findTrainer } from "./binary.js";
export type { BenchAnswer, ModelInfo, TrainerDevices } from "./protocol.js";
