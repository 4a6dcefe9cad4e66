import { z } from "zod";

export const gpuSchema = z.object({
  index: z.number().int(),
  name: z.string(),
  driverVersion: z.string(),
  computeCapability: z.string().nullable(),
  totalBytes: z.number(),
  freeBytes: z.number(),
  usable: z.boolean(),
  reason: z.string().describe("one plain sentence: why it will or will not be used"),
});
export type Gpu = z.infer<typeof gpuSchema>;

/** `trex doctor --json`. Field names are stable; docs/json.md documents them. */
export const doctorReportSchema = z.object({
  ok: z.boolean().describe("fine-tuning can run on this machine, perhaps slowly"),
  gpus: z.array(gpuSchema),
  gpuProbe: z.object({ status: z.enum(["ok", "no-driver", "driver-too-old", "timed-out", "failed", "no-gpu"]), message: z.string(), elapsedMs: z.number() }),
  backends: z.object({
    trainer: z.object({ use: z.enum(["cpu", "cuda"]), reason: z.string() }),
    agent: z.object({ use: z.enum(["cpu", "cuda", "vulkan", "metal"]), reason: z.string() }),
  }),
  cpu: z.object({ model: z.string(), physicalCores: z.number(), logicalCores: z.number(), isa: z.string() }),
  memory: z.object({ totalBytes: z.number(), freeBytes: z.number() }),
  disk: z.object({ path: z.string(), freeBytes: z.number(), totalBytes: z.number(), reason: z.string() }),
  trainer: z.object({ found: z.boolean(), version: z.string().nullable(), message: z.string() }),
  llama: z.object({ found: z.boolean(), version: z.string().nullable(), message: z.string() }),
  electron: z.object({ found: z.boolean(), message: z.string() }),
  advice: z.array(z.string()),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;

export const holders = ["desktop", "agent", "trainer", "evaluator", "free"] as const;
export type Holder = (typeof holders)[number];

/** One reading of the memory that training competes for: VRAM where there is a card, else RAM. */
export const memorySampleSchema = z.object({
  atMs: z.number().describe("milliseconds since the run's process started"),
  kind: z.enum(["ram", "vram"]),
  totalBytes: z.number(),
  bytes: z.object({ desktop: z.number(), agent: z.number(), trainer: z.number(), evaluator: z.number(), free: z.number() }),
  /** null where the machine does not tell. */
  powerWatts: z.number().nullable(),
  temperatureCelsius: z.number().nullable(),
  utilization: z.number().nullable(),
});
export type MemorySample = z.infer<typeof memorySampleSchema>;
