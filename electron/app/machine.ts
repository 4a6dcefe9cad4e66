import type { DoctorReport, Holder, MemorySample, Result } from "../contract/index.js";
import { bestCard, createEnergyMeter, createGpuStream, createTelemetry, doctor, nvidiaSmiPath, type TrainerAnswer } from "../hardware/index.js";
import type { Instruments } from "./runs/work.js";

export interface MachineOptions {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly trainerAnswer: () => Promise<Result<TrainerAnswer>>;
  readonly electronBinary: () => string | null;
  readonly holder: () => Holder;
  readonly trainerPids: () => readonly number[];
  readonly llamaBytes: () => Promise<number>;
}

/** The computer under the app: looked at once, then measured while a run works. */
export interface Machine {
  /** A fresh look. */
  doctor(): Promise<DoctorReport>;
  /** The look that the app's own decisions rest on; taken once. */
  decided(): Promise<DoctorReport>;
  readonly instruments: () => Promise<Instruments>;
}

export function createMachine(options: MachineOptions): Machine {
  const look = async (): Promise<DoctorReport> => await doctor({
    home: options.home, environment: options.environment, trainer: options.trainerAnswer, electronBinary: options.electronBinary,
  });
  let decision: Promise<DoctorReport> | null = null;
  const decided = async (): Promise<DoctorReport> => await (decision ??= look());

  return {
    doctor: look,
    decided,
    async instruments() {
      const { gpus, backends } = await decided();
      const agentOnCard = backends.agent.use === "cuda" || backends.agent.use === "vulkan";
      const card = agentOnCard || backends.trainer.use === "cuda" ? bestCard(gpus.filter((gpu) => gpu.usable)) : null;
      const stream = card === null ? null : createGpuStream({ nvidiaSmi: nvidiaSmiPath(options.environment), gpuIndex: card.index });
      const usesCpu = backends.trainer.use === "cpu" || backends.agent.use === "cpu";
      const energy = await createEnergyMeter({ usesCpu, gpu: stream });
      const telemetry = createTelemetry({ gpu: stream, holder: options.holder, trainerPids: options.trainerPids, llamaBytes: options.llamaBytes });
      return {
        energy,
        subscribeMemory: (listener: (sample: MemorySample) => void) => telemetry.subscribe(listener),
        dispose() {
          telemetry.dispose();
          energy.dispose();
          stream?.dispose();
        },
      };
    },
  };
}
