import { z } from "zod";
import { failureClasses } from "../../contract/index.js";

/**
 * What the host and the llama worker say to each other. Both ends check every message: the worker parses hostile
 * files, so nothing it says is taken on trust. Tokens travel as Int32Array, which structured clone copies whole.
 */
const tokens = z.custom<Int32Array>((value) => value instanceof Int32Array);
const segment = z.object({ text: z.string(), special: z.boolean() });

export const workerCallSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("tokenize"), modelPath: z.string(), sequences: z.array(z.array(segment)), addBos: z.enum(["as-model", "never"]) }),
  z.object({ kind: z.literal("template"), modelPath: z.string() }),
  z.object({
    kind: z.literal("generate"), modelPath: z.string(), adapterPath: z.string().nullable(), prompts: z.array(tokens),
    maxTokens: z.number().int().positive(), threads: z.number().int().nonnegative(),
  }),
  z.object({
    kind: z.literal("complete"), modelPath: z.string(), system: z.string(), user: z.string(), jsonSchema: z.record(z.string(), z.unknown()).nullable(),
    maxTokens: z.number().int().positive(), timeLimitMs: z.number().positive(), temperature: z.number().min(0), seed: z.number().int().nonnegative(),
  }),
  z.object({ kind: z.literal("embed"), modelPath: z.string(), texts: z.array(z.string()) }),
]);
export type WorkerCall = z.infer<typeof workerCallSchema>;
export type WorkerCallOf<Kind extends WorkerCall["kind"]> = Extract<WorkerCall, { kind: Kind }>;

export const toWorkerSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("call"), id: z.number().int(), call: workerCallSchema }),
  z.object({ type: z.literal("cancel"), id: z.number().int() }),
  z.object({ type: z.literal("memory"), id: z.number().int() }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const fromWorkerSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("result"), id: z.number().int(), value: z.unknown() }),
  z.object({
    type: z.literal("failure"), id: z.number().int(),
    failure: z.object({ class: z.enum(failureClasses), code: z.string(), message: z.string(), hint: z.string() }),
  }),
  /** Sent at least once a decoded batch: silence means the worker hangs. */
  z.object({ type: z.literal("progress"), id: z.number().int(), done: z.number().int().nullable(), text: z.string().nullable() }),
  z.object({ type: z.literal("memory"), id: z.number().int(), bytes: z.number() }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;

export const workerResultSchemas = {
  tokenize: z.array(tokens),
  template: z.object({ template: z.string().nullable(), bosToken: z.string(), eosToken: z.string(), endOfTurnTokens: z.array(z.number().int()) }),
  generate: z.array(z.object({ tokens, text: z.string(), stopReason: z.enum(["end-of-turn", "length"]) })),
  complete: z.object({ text: z.string(), tokens: z.number().int(), seconds: z.number() }),
  embed: z.array(z.custom<Float32Array>((value) => value instanceof Float32Array)),
} as const satisfies Record<WorkerCall["kind"], z.ZodType>;
export type WorkerResult<Kind extends WorkerCall["kind"]> = z.output<(typeof workerResultSchemas)[Kind]>;

/** How a call reports that it is alive and looks whether anybody still wants its answer. */
export interface CallControl {
  readonly signal: AbortSignal;
  readonly progress: (done: number | null, text?: string) => void;
}
