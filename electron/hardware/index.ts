export { doctor, type DoctorOptions, type TrainerAnswer } from "./doctor.js";
export { nvidiaSmiPath, probeGpus, type GpuProbe } from "./probe.js";
export { createTelemetry, type Telemetry } from "./telemetry.js";
export { createArbiter, type ObservableArbiter } from "./arbiter.js";
export { createEnergyMeter, type RunningEnergyMeter } from "./energy.js";
export { createGpuStream, type GpuStream } from "./gpu-stream.js";
export { bestCard } from "./backends.js";
