import { err, exampleSchema, FailureError, ok, type Example, type Result } from "../contract/index.js";
import { streamJsonLines } from "../store/index.js";
import { createBreather } from "./breather.js";
import { cancelledFailure } from "./cancelled.js";
import { runsOf } from "./contamination.js";
import { questionKey } from "./prompt/shots.js";
import { longestLineBytes, splitPath } from "./split-files.js";

const sealed = ["dev-search", "dev-select", "vault"] as const;

/**
 * How many candidate rows repeat a run's held-out rows: they ask the same question but for case and punctuation, or share a
 * run of 13 words that the training split does not have. (The training split was cleaned of what gives held-out rows away,
 * so the runs it shares with them are the data's own boilerplate.) A number and nothing else: which rows and which text
 * stays in here. The candidates are read once. Errors: those of the split files; CANCELLED; a FailureError of `rows`.
 */
export async function countOverlap(request: { readonly runDirectory: string; readonly rows: AsyncIterable<Pick<Example, "messages">> | Iterable<Pick<Example, "messages">> }, signal: AbortSignal): Promise<Result<{ readonly rows: number; readonly overlapping: number }>> {
  const breathe = createBreather();
  const pause = async () => {
    if (signal.aborted) throw new FailureError(cancelledFailure);
    await breathe();
  };
  try {
    const runs = new Set<string>();
    const questions = new Set<string>();
    for (const split of sealed) {
      for await (const row of readRows(splitPath(request.runDirectory, split))) {
        await pause();
        questions.add(questionKey(row));
        for (const run of runsOf(row)) runs.add(run);
      }
    }
    for await (const row of readRows(splitPath(request.runDirectory, "train"))) {
      await pause();
      for (const run of runsOf(row)) runs.delete(run);
    }
    let rows = 0;
    let overlapping = 0;
    for await (const row of request.rows) {
      await pause();
      rows += 1;
      if (questions.has(questionKey(row)) || [...runsOf(row)].some((run) => runs.has(run))) overlapping += 1;
    }
    return ok({ rows, overlapping });
  } catch (error) {
    if (error instanceof FailureError) return err(error.failure);
    throw error;
  }
}

async function* readRows(path: string): AsyncGenerator<Example> {
  for await (const { result } of streamJsonLines(path, exampleSchema, { maximumLineBytes: longestLineBytes })) {
    if (!result.ok) throw new FailureError(result.error);
    yield result.value;
  }
}
