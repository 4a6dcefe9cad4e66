import { z } from "zod";
import { failureClasses, spectrumSchema } from "../contract/index.js";

/** What trex-train prints (native-trainer/README.md). Unknown fields are allowed: the trainer may learn to say more. */
const finite = z.number();
const elapsed = { elapsedMs: finite };
/** Means over the pairs of a preference objective (dpo, orpo); the others have none. */
const rewards = { rewardChosen: finite.nullish(), rewardRejected: finite.nullish(), rewardMargin: finite.nullish(), rewardAccuracy: finite.nullish() };

export const errorEventSchema = z.object({
  event: z.literal("error"),
  class: z.string(),
  code: z.string(),
  message: z.string(),
  hint: z.string().default(""),
});

export const trainEventSchema = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("start"), ...elapsed, version: z.string(), arch: z.string(), parameters: finite, trainableParameters: finite,
    objective: z.string().optional(), rows: finite, droppedRows: finite, splitRows: finite.optional(), identicalRows: finite.optional(), tokens: finite, targetTokens: finite, steps: finite, threads: finite, isa: z.string(), seed: finite,
  }),
  z.object({ event: z.literal("plan"), ...elapsed, bytes: z.record(z.string(), finite) }),
  z.object({ event: z.literal("reference"), ...elapsed, pairs: finite, of: finite, saved: z.boolean(), seconds: finite }),
  z.object({
    event: z.literal("step"), ...elapsed, step: finite, steps: finite, epoch: finite, loss: finite.nullable(), gradNorm: finite.nullish(),
    learningRate: finite, tokens: finite, targetTokens: finite, tokensPerSecond: finite, stepMs: finite, rssBytes: finite, ...rewards,
  }),
  z.object({ event: z.literal("validation"), ...elapsed, step: finite, loss: finite.nullable(), targetTokens: finite, ...rewards }),
  z.object({ event: z.literal("checkpoint"), ...elapsed, step: finite, path: z.string() }),
  z.object({
    event: z.literal("done"), ...elapsed, step: finite, loss: finite.nullable(), validationLoss: finite.nullish(),
    adapter: z.string().nullish(), model: z.string().nullish(), sha256: z.string().regex(/^[0-9a-f]{64}$/i),
    seconds: finite, tokens: finite, tokensPerSecond: finite, peakRssBytes: finite, plannedBytes: finite,
    spectra: z.array(spectrumSchema).default([]),
  }),
  errorEventSchema,
]);
export type TrainEvent = z.infer<typeof trainEventSchema>;

const knownEvents: ReadonlySet<string> = new Set(trainEventSchema.options.map((option) => option.shape.event.value));
const anyEventSchema = z.object({ event: z.string() });

/** A newer trainer may say more than this version knows; that is no reason to stop it. */
export function isUnknownEvent(value: unknown): boolean {
  const parsed = anyEventSchema.safeParse(value);
  return parsed.success && !knownEvents.has(parsed.data.event);
}

export const planAnswerSchema = z.object({
  bytes: z.record(z.string(), finite),
  total: finite,
  /** null: no limit was found. */
  limit: finite.nullable(),
  fits: z.boolean(),
  steps: finite,
  tokens: finite,
  estimatedSeconds: finite.nullable(),
  advice: z.array(z.string()),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;

export const scoreLineSchema = z.object({
  id: z.string(),
  logLikelihood: finite,
  tokens: finite,
  isGreedy: z.boolean(),
});
/** Tokens that went through the model, and those that several pairs begin with and that were therefore computed once. */
export const scoreDoneSchema = z.object({
  event: z.literal("done"), pairs: finite, tokens: finite, seconds: finite,
  computedTokens: finite.optional(), sharedTokens: finite.optional(), plannedBytes: finite.optional(), peakRssBytes: finite.optional(),
});

/** The shape is null where the model is not supported. */
export const modelInfoSchema = z.object({
  path: z.string(),
  sizeBytes: finite,
  architecture: z.string().nullable(),
  supported: z.boolean(),
  unsupportedReason: z.string().nullish(),
  name: z.string().nullish(),
  parameters: finite,
  layers: finite.nullable(),
  embedding: finite.nullable(),
  feedForward: finite.nullable(),
  heads: finite.nullable(),
  kvHeads: finite.nullable(),
  headDim: finite.nullable(),
  contextLength: finite.nullable(),
  vocabSize: finite.nullable(),
  ropeBase: finite.nullish(),
  tiedEmbeddings: z.boolean().nullable(),
  tensorTypes: z.record(z.string(), finite),
  tokenizerModel: z.string().nullish(),
  tokenizerPre: z.string().nullish(),
  hasChatTemplate: z.boolean(),
  loraTargets: z.array(z.string()),
});
export type ModelInfo = z.infer<typeof modelInfoSchema>;

export const trainerDevicesSchema = z.object({
  version: z.string(),
  isa: z.object({ used: z.string(), available: z.array(z.string()) }),
  threads: z.object({ physical: finite, logical: finite }),
  memory: z.object({ totalBytes: finite, freeBytes: finite }),
  cuda: z.object({ compiled: z.boolean(), available: z.boolean(), reason: z.string(), devices: z.array(z.unknown()) }),
});
export type TrainerDevices = z.infer<typeof trainerDevicesSchema>;

export const benchAnswerSchema = z.object({
  sgemm: z.object({ gflops: finite, shape: z.string() }),
  train: z.object({ tokensPerSecond: finite, gflops: finite, shareOfSgemm: finite, shape: z.string() }),
  threads: finite,
  isa: z.string(),
});
export type BenchAnswer = z.infer<typeof benchAnswerSchema>;

export const failureClassSchema = z.enum(failureClasses);
