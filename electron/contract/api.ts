import { z } from "zod";
import { analysisSchema } from "./analysis.js";
import { doctorReportSchema, memorySampleSchema } from "./hardware.js";
import { dataProposalSchema, libraryViewSchema, onlineResultSchema, onlineSources, searchHitSchema } from "./library.js";
import { runSummarySchema, runViewSchema } from "./run.js";
import { settingsViewSchema } from "./settings.js";
import { steeringActionSchema } from "./steering.js";
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
  "runs.steer": { request: z.object({ runId: z.string(), action: steeringActionSchema }), response: z.object({}) },
  /** Drafts the requirement. Answered questions come back in `answers`, by id; fields the user set himself in `edits`. */
  "task.analyse": {
    request: z.object({ goal: z.string().min(1).max(4000), data: z.string(), model: z.string(), answers: z.record(z.string(), z.string()), edits: z.record(z.string(), z.unknown()) }),
    response: analysisSchema,
  },
  "library.view": { request: z.object({}), response: libraryViewSchema },
  /** A file, or a folder whose documents are all added. */
  "library.add": { request: z.object({ path: z.string() }), response: libraryViewSchema },
  "library.remove": { request: z.object({ documentId: z.string() }), response: libraryViewSchema },
  "library.search": { request: z.object({ query: z.string().max(400), most: z.number().int().min(1).max(50) }), response: z.array(searchHitSchema) },
  /** Fails with ENV `offline` while the offline switch is on, without opening a socket. */
  "library.online": { request: z.object({ source: z.enum(onlineSources), query: z.string().min(1).max(300) }), response: z.array(onlineResultSchema) },
  "data.discover": { request: z.object({ goal: z.string(), data: z.string().nullable(), online: z.boolean() }), response: z.array(dataProposalSchema) },
  "settings.get": { request: z.object({}), response: settingsViewSchema },
  "settings.update": { request: z.object({ change: settingsViewSchema.partial() }), response: settingsViewSchema },
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
