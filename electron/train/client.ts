import path from "node:path";
import { z } from "zod";
import { fail, ok, type Result, type Scorer, type Trainer } from "../contract/index.js";
import { noResult } from "./failures.js";
import { callTrainer, type Ended, type RunningTrainer } from "./process.js";
import { benchAnswerSchema, modelInfoSchema, trainerDevicesSchema, type BenchAnswer, type ModelInfo, type TrainerDevices } from "./protocol.js";
import { createScorer } from "./scorer.js";
import { createTrainer } from "./trainer.js";

/** A request goes through standard input, so that no path of ours can be read as an option; `info` takes its file as an argument. */
export type Input = { readonly request: unknown } | { readonly args: readonly string[] };

/** The two ways of talking to trex-train: one JSON document back, or JSON lines while it works. */
export interface Caller {
  document<Schema extends z.ZodType>(command: string, input: Input, schema: Schema, signal: AbortSignal): Promise<Result<z.output<Schema>>>;
  lines(command: string, request: unknown, accept: (value: unknown) => string | null, signal: AbortSignal): Promise<Result<Ended>>;
}

export interface TrainClient {
  readonly binaryPath: string;
  readonly trainer: Trainer;
  readonly scorer: Scorer;
  /** What a GGUF file says about itself; CONFIG when it is not one, or torn. */
  readonly info: (modelPath: string, signal: AbortSignal) => Promise<Result<ModelInfo>>;
  devices(signal: AbortSignal): Promise<Result<TrainerDevices>>;
  bench(request: { model: string | null; seconds: number; threads: number }, signal: AbortSignal): Promise<Result<BenchAnswer>>;
  /**
   * Writes a whole model with the adapter folded in; with no adapter it only changes the weight type.
   * @param request.type "keep", or a type that trex-train knows (native-trainer/README.md, `merge`)
   */
  merge(request: { model: string; adapter: string | null; out: string; type: string }, signal: AbortSignal): Promise<Result<{ readonly sha256: string | null }>>;
  /** Writes a GGUF adapter as a folder for Hugging Face's PEFT; the folder must be new or empty. */
  exportAdapter(request: { model: string; adapter: string; out: string; baseModelName: string }, signal: AbortSignal): Promise<Result<void>>;
  /** Runs `train` on a ready request document, every event handed on as it comes. For `trex train CONFIG.json`. */
  trainDocument(document: unknown, onEvent: (event: Readonly<Record<string, unknown>>) => void, signal: AbortSignal): Promise<Result<Ended>>;
  /** Process ids of the trainers running now; for memory accounting. */
  readonly runningPids: () => readonly number[];
}

const eventShape = z.record(z.string(), z.unknown());
const mergedSchema = z.object({ sha256: z.string().nullish() });
const exportedSchema = z.object({ weightsSha256: z.string(), configSha256: z.string() });

export function createTrainClient(options: { binaryPath: string }): TrainClient {
  const { binaryPath } = options;
  const running = new Set<RunningTrainer>();
  const track = { onStart: (child: RunningTrainer) => void running.add(child), onEnd: (child: RunningTrainer) => void running.delete(child) };

  const caller: Caller = {
    async document(command, input, schema, signal) {
      const seen: unknown[] = [];
      const ended = await callTrainer({ binaryPath, command, output: "document", ...input, signal, ...track, onValue: (value) => { seen.push(value); return null; } });
      return ended.ok ? checkDocument(command, seen[0], schema, ended.value.oddity) : ended;
    },
    lines: (command, request, accept, signal) => callTrainer({ binaryPath, command, output: "lines", request, signal, ...track, onValue: accept }),
  };

  return {
    binaryPath,
    trainer: createTrainer(caller),
    scorer: createScorer(caller),
    info: (modelPath, signal) => caller.document("info", { args: [path.resolve(modelPath)] }, modelInfoSchema, signal),
    devices: (signal) => caller.document("devices", { args: [] }, trainerDevicesSchema, signal),
    bench: (request, signal) => caller.document("bench", { request }, benchAnswerSchema, signal),
    async merge(request, signal) {
      const merged = await caller.document("merge", { request: { ...request, adapterScale: 1 } }, mergedSchema, signal);
      return merged.ok ? ok({ sha256: merged.value.sha256 ?? null }) : merged;
    },
    async exportAdapter(request, signal) {
      const exported = await caller.document("export-adapter", { request }, exportedSchema, signal);
      return exported.ok ? ok(undefined) : exported;
    },
    trainDocument: (document, onEvent, signal) => caller.lines("train", document, (value) => {
      const event = eventShape.safeParse(value);
      if (!event.success) return "a line that is not an event";
      onEvent(event.data);
      return null;
    }, signal),
    runningPids: () => [...running].map((child) => child.pid),
  };
}

function checkDocument<Schema extends z.ZodType>(command: string, value: unknown, schema: Schema, oddity: string | null): Result<z.output<Schema>> {
  if (value === undefined) return noResult(command, oddity);
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const first = parsed.error.issues[0];
  const where = first === undefined ? "" : ` (${first.path.join(".")}: ${first.message})`;
  return fail("INTERNAL", "trainer.protocol", `trex-train ${command} answered in a way this version does not understand${where}.`, "The trainer and the app must come from the same release; install again.");
}
