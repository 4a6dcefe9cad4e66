import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { memorySampleSchema, type Holder, type MemorySample } from "../contract/index.js";
import { createGpuStream, parseStreamLine, type GpuSample, type GpuStream } from "./gpu-stream.js";
import { residentBytes } from "./resident-memory.js";
import { createTelemetry } from "./telemetry.js";

const stub = fileURLToPath(new URL("../../test/fixtures/nvidia-smi/nvidia-smi", import.meta.url));
afterEach(() => { delete process.env.STUB_GPU; });

const sum = ({ bytes }: MemorySample): number => bytes.desktop + bytes.agent + bytes.trainer + bytes.evaluator + bytes.free;

describe("memory readings", () => {
  it("splits RAM among the tenants by who holds the lease, and adds up to the whole", async () => {
    let holder: Holder = "trainer";
    const telemetry = createTelemetry({ gpu: null, holder: () => holder, trainerPids: () => [process.pid], llamaBytes: async () => 50_000_000, intervalMs: 5 });
    const next = (): Promise<MemorySample> => new Promise((resolve) => {
      const leave = telemetry.subscribe((sample) => { leave(); resolve(memorySampleSchema.parse(sample)); });
    });
    const training = await next();
    expect(training.kind).toBe("ram");
    expect(training.bytes.agent).toBe(50_000_000);
    if (process.platform === "linux") expect(training.bytes.trainer).toBeGreaterThan(10_000_000);
    expect(Math.abs(sum(training) - training.totalBytes)).toBeLessThan(training.totalBytes * 0.01);
    holder = "evaluator";
    await next();
    const evaluating = await next();
    expect(evaluating.bytes).toMatchObject({ agent: 0, trainer: 0 });
    expect(evaluating.bytes.evaluator).toBeGreaterThanOrEqual(50_000_000);
    telemetry.dispose();
  });

  it("counts a process that has ended as nothing", async () => {
    expect(await residentBytes([2 ** 22 - 1])).toBe(0);
    expect(await residentBytes([])).toBe(0);
  });

  it("gives what came onto the card since nobody held it to the holder", () => {
    let say: (sample: GpuSample) => void = () => undefined;
    const stream: GpuStream = { subscribe: (listener) => { say = listener; return () => undefined; }, dispose: () => undefined };
    let holder: Holder = "free";
    const samples: MemorySample[] = [];
    const telemetry = createTelemetry({ gpu: stream, holder: () => holder, trainerPids: () => [], llamaBytes: async () => 0 });
    telemetry.subscribe((sample) => samples.push(sample));
    const used = (usedBytes: number): void => say({ atMs: 0, usedBytes, totalBytes: 8_000, utilization: 50, temperatureCelsius: 60, powerWatts: 170 });
    used(1_000);
    holder = "trainer";
    used(6_000);
    holder = "agent";
    used(900);
    expect(samples.map((sample) => sample.bytes)).toEqual([
      { desktop: 1_000, agent: 0, trainer: 0, evaluator: 0, free: 7_000 },
      { desktop: 1_000, agent: 0, trainer: 5_000, evaluator: 0, free: 2_000 },
      { desktop: 900, agent: 0, trainer: 0, evaluator: 0, free: 7_100 },
    ]);
    expect(samples[1]).toMatchObject({ kind: "vram", powerWatts: 170, temperatureCelsius: 60, utilization: 50 });
    telemetry.dispose();
  });
});

describe("the lasting nvidia-smi", () => {
  it("streams readings until it is disposed", async () => {
    process.env.STUB_GPU = "4090";
    const stream = createGpuStream({ nvidiaSmi: stub, gpuIndex: 0, intervalMs: 20 });
    const samples: GpuSample[] = [];
    await new Promise<void>((resolve) => stream.subscribe((sample) => { samples.push(sample); if (samples.length === 3) resolve(); }));
    stream.dispose();
    expect(samples[0]).toMatchObject({ usedBytes: 1210 * 1024 ** 2, totalBytes: 24564 * 1024 ** 2, powerWatts: 28.45, temperatureCelsius: 41, utilization: 3 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(samples).toHaveLength(3);
  });

  it("reads lines with gaps and refuses lines that are none", () => {
    expect(parseStreamLine("1210, 24564, [N/A], 41, [Not Supported]", 5)).toEqual({ atMs: 5, usedBytes: 1210 * 1024 ** 2, totalBytes: 24564 * 1024 ** 2, utilization: null, temperatureCelsius: 41, powerWatts: null });
    for (const line of ["", "Unable to determine the device handle", "[N/A], [N/A], 1, 2, 3", "1, 2, 3"]) expect(parseStreamLine(line, 0)).toBeNull();
  });
});
