import { z } from "zod";
import { err, exampleSchema, FailureError, ok, type Message, type Prompt, type Result } from "../../contract/index.js";
import { readJson, readJsonLines } from "../../store/index.js";
import { keyExamples } from "../keyed-example.js";
import { coverageShotsPath, importPath, longestLineBytes, readShots, readSplit } from "../split-files.js";
import { coverShots } from "./cover-shots.js";
import { fixedShots, noShots, withoutSystem, type Shots } from "./shots.js";
import { similarShots } from "./similar-shots.js";

/** A run made before the covering set was kept gets the one of this seed. */
const lateSeed = 1;

/**
 * The worked examples of a run under a prompt, for training and evaluation alike: both must call this. Reads the
 * training split and what was made of it, never a held-out row. Errors: those of the files; CANCELLED.
 */
export async function openShots(runDirectory: string, prompt: Prompt, signal: AbortSignal): Promise<Result<Shots>> {
  if (prompt.fewShot === 0) return ok(noShots);
  const limit = await readLimit(runDirectory);
  if (!limit.ok) return limit;
  try {
    switch (prompt.shotSelection) {
      case "fixed": {
        const shots = await readShots(runDirectory);
        return shots.ok ? ok(fixedShots(shots.value, limit.value)) : shots;
      }
      case "coverage": {
        const kept = await readJsonLines(coverageShotsPath(runDirectory), exampleSchema, { maximumLineBytes: longestLineBytes });
        if (kept.ok) return ok(fixedShots(kept.value, limit.value));
        if (kept.error.code !== notFound) return kept;
        const train = await readSplit(runDirectory, "train");
        return train.ok ? ok(fixedShots(await coverShots(await keyExamples(train.value), lateSeed, signal), limit.value)) : train;
      }
      case "similar": {
        const [train, shots] = await Promise.all([readSplit(runDirectory, "train"), readShots(runDirectory)]);
        if (!train.ok) return train;
        return shots.ok ? ok(await similarShots(train.value, fixedShots(shots.value, limit.value), signal)) : shots;
      }
    }
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
}

/** The messages of the worked examples where they are the same for every question, for an export that carries them; else none. */
export async function commonShots(runDirectory: string, prompt: Prompt, signal: AbortSignal): Promise<Result<readonly Message[]>> {
  if (prompt.shotSelection === "similar") return ok([]);
  const shots = await openShots(runDirectory, prompt, signal);
  return shots.ok ? ok(shots.value.choose({ messages: [] }, prompt.fewShot).flatMap(({ messages }) => withoutSystem(messages))) : shots;
}

const notFound = "store.not_found";
const limitSchema = z.object({ contextLength: z.number().optional(), longestAnswerTokens: z.number() });

/** What a prompt may take of the context so that the longest answer, and a quarter more, still has room (session/begin.ts). */
async function readLimit(runDirectory: string): Promise<Result<number | null>> {
  const read = await readJson(importPath(runDirectory), limitSchema);
  // Runs of earlier versions, and files scored outside a run, know no context length.
  if (!read.ok) return read.error.code === notFound ? ok(null) : read;
  const { contextLength, longestAnswerTokens } = read.value;
  return ok(contextLength === undefined ? null : Math.max(0, contextLength - Math.ceil(longestAnswerTokens * 1.25) - 4));
}
