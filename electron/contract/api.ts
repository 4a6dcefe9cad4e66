import { z } from "zod";
import { doctorReportSchema, memorySampleSchema } from "./hardware.js";
import { runSummarySchema, runViewSchema } from "./run.js";
import { taskSchema } from "./task.js";

/** The renderer's whole world: request channels with a schema each way, and one push channel. */
export const channels = {
  "runs.list": { request: z.object({}), response: z.array(runSummarySchema) },
  "runs.get": { request: z.object({ runId: z.string() }), response: runViewSchema },
  "runs.start": { request: z.object({ task: taskSchema }), response: z.object({ runId: z.string() }) },
  "runs.pause": { request: z.object({ runId: z.string() }), response: z.object({}) },
  "runs.resume": { request: z.object({ runId: z.string() }), response: z.object({}) },
  "runs.stop": { request: z.object({ runId: z.string() }), response: z.object({}) },
  "runs.report": { request: z.object({ runId: z.string() }), response: z.object({ html: z.string() }) },
  "runs.memory": { request: z.object({ runId: z.string() }), response: z.array(memorySampleSchema) },
  "models.list": { request: z.object({}), response: z.array(z.object({ path: z.string(), name: z.string(), sizeBytes: z.number(), source: z.string(), architecture: z.string().nullable(), supported: z.boolean(), reason: z.string() })) },
  "data.inspect": { request: z.object({ path: z.string() }), response: z.object({ report: z.unknown(), preview: z.array(z.object({ role: z.string(), content: z.string() }).array()) }) },
  "host.doctor": { request: z.object({}), response: doctorReportSchema },
  "host.demo": { request: z.object({}), response: z.object({ task: taskSchema }).describe("the built-in demo's task") },
} as const;
export type ChannelName = keyof typeof channels;
export type ChannelRequest<Name extends ChannelName> = z.input<(typeof channels)[Name]["request"]>;
export type ChannelResponse<Name extends ChannelName> = z.output<(typeof channels)[Name]["response"]>;

/** Pushed to every open page. `sequence` rises by one; a gap tells the page to load the state again. */
export const pushSchema = z.object({
  sequence: z.number().int(),
  message: z.discriminatedUnion("type", [
    z.object({ type: z.literal("run"), view: runViewSchema }),
    z.object({ type: z.literal("progress"), runId: z.string(), nodeId: z.string(), stage: z.string(), done: z.number(), total: z.number(), loss: z.number().nullable(), tokensPerSecond: z.number().nullable() }),
    z.object({ type: z.literal("memory"), runId: z.string(), sample: memorySampleSchema }),
    z.object({ type: z.literal("runs-changed") }),
  ]),
});
export type Push = z.infer<typeof pushSchema>;

export const responseEnvelopeSchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ class: z.string(), code: z.string(), message: z.string(), hint: z.string() }) }),
]);

/** What the page is handed: by the preload bridge in Electron, by an HTTP client in the browser. Same type, same checks. */
export interface Api {
  call<Name extends ChannelName>(name: Name, request: ChannelRequest<Name>): Promise<{ ok: true; value: ChannelResponse<Name> } | { ok: false; error: { class: string; code: string; message: string; hint: string } }>;
  subscribe(listener: (push: Push) => void): () => void;
}
