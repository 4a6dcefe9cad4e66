import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { err, fail, ok, type Result, type Trainer, type TrainOutcome, type TrainRequest } from "../contract/index.js";
import { failureOfIo, writeFileAtomic } from "../store/index.js";
import type { Caller } from "./client.js";
import { noResult } from "./failures.js";
import { LossCurve } from "./loss-curve.js";
import { isUnknownEvent, planAnswerSchema, trainEventSchema, type TrainEvent } from "./protocol.js";
import { trainDocument } from "./train-request.js";

type Done = Extract<TrainEvent, { event: "done" }>;

export function createTrainer(caller: Caller): Trainer {
  return {
    async plan(request, signal) {
      const answer = await caller.document("plan", { request: trainDocument(request) }, planAnswerSchema, signal);
      if (!answer.ok) return answer;
      const { total, bytes, fits, limit, estimatedSeconds } = answer.value;
      return ok({
        memory: { plannedBytes: total, actualPeakBytes: null, classes: Object.fromEntries(Object.entries(bytes).filter(([name]) => name !== "total")) },
        fits,
        limitBytes: limit ?? total,
        estimatedSeconds: estimatedSeconds ?? 0,
      });
    },
    train: (request, signal) => train(caller, request, signal),
  };
}

async function train(caller: Caller, request: TrainRequest, signal: AbortSignal): Promise<Result<TrainOutcome>> {
  const document = trainDocument(request);
  const prepared = await keepRequest(request.outDirectory, document);
  if (!prepared.ok) return prepared;

  const curve = new LossCurve();
  let done: Done | null = null;
  const accept = (value: unknown): string | null => {
    const parsed = trainEventSchema.safeParse(value);
    if (!parsed.success && isUnknownEvent(value)) return null;
    if (!parsed.success) return `an event that does not fit the protocol: ${JSON.stringify(value).slice(0, 160)}`;
    const event = parsed.data;
    if (event.event === "step") {
      // A loss that is not a number has no place on a curve; the trainer ends with DIVERGED right after it.
      if (event.loss === null) return null;
      curve.addStep(event.step, event.loss);
      request.onProgress({ step: event.step, steps: event.steps, loss: event.loss, tokensPerSecond: event.tokensPerSecond });
    } else if (event.event === "validation" && event.loss !== null) curve.addValidation(event.step, event.loss);
    else if (event.event === "done") done = event;
    return null;
  };
  const ended = await caller.lines("train", document, accept, signal);
  if (!ended.ok) return ended;
  // TypeScript does not see that `accept` assigns it.
  const result = done as Done | null;
  if (result === null) return noResult("train", ended.value.oddity);
  if (typeof result.validationLoss === "number") curve.addValidation(result.step, result.validationLoss);

  const adapterPath = path.resolve(request.outDirectory, result.adapter ?? "adapter.gguf");
  const checked = await verify(adapterPath, result.sha256, signal);
  if (!checked.ok) return checked;
  return ok({ adapterPath, adapterSha256: result.sha256.toLowerCase(), loss: curve.points(), seconds: result.seconds, peakBytes: result.peakRssBytes, spectra: result.spectra });
}

/** The request stays beside its result, so that any training can be repeated by hand: `trex-train train request.json`. */
async function keepRequest(outDirectory: string, document: unknown): Promise<Result<void>> {
  try {
    await mkdir(outDirectory, { recursive: true });
  } catch (error) {
    return err(failureOfIo(error, `Cannot create ${outDirectory}`, "Finished experiments are kept."));
  }
  return await writeFileAtomic(path.join(outDirectory, "request.json"), `${JSON.stringify(document, null, 2)}\n`);
}

/** What is evaluated must be what was written: a disk that lies is found here. */
async function verify(file: string, expected: string, signal: AbortSignal): Promise<Result<void>> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash, { signal });
  } catch (error) {
    if (signal.aborted) return fail("CANCELLED", "trainer.cancelled", "Checking the adapter was stopped on request.", "Resume the run to go on.");
    return err(failureOfIo(error, `Cannot read back the adapter ${file}`));
  }
  if (hash.digest("hex") === expected.toLowerCase()) return ok(undefined);
  return fail("ENV", "adapter.corrupt", `The adapter ${file} does not hold what the trainer wrote: its checksum differs.`, "Check the disk; the experiment will be repeated.");
}
