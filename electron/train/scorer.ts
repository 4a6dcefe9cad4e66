import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { err, fail, ok, type Scorer } from "../contract/index.js";
import { failureOfIo, writeJsonLines } from "../store/index.js";
import type { Caller } from "./client.js";
import { scoreDoneSchema, scoreLineSchema } from "./protocol.js";

type Scored = Extract<Awaited<ReturnType<Scorer["score"]>>, { ok: true }>["value"][number];

/** Log-likelihoods of continuations through `trex-train score`; answers come in the order of the pairs. */
export function createScorer(caller: Caller): Scorer {
  return {
    async score(request, signal) {
      if (request.pairs.length === 0) return ok([]);
      const folder = await mkdtemp(path.join(os.tmpdir(), "trex-score-")).catch((error: unknown) => failureOfIo(error, `Cannot write to ${os.tmpdir()}`));
      if (typeof folder !== "string") return err(folder);
      try {
        const pairsPath = path.join(folder, "pairs.jsonl");
        const written = await writeJsonLines(pairsPath, request.pairs, { mode: 0o600 });
        if (!written.ok) return written;
        const scores: Scored[] = [];
        const end = { seen: false };
        const accept = (value: unknown): string | null => {
          if (scoreDoneSchema.safeParse(value).success) {
            end.seen = true;
            return null;
          }
          const line = scoreLineSchema.safeParse(value);
          if (!line.success) return `a score that does not fit the protocol: ${JSON.stringify(value).slice(0, 160)}`;
          const expected = request.pairs[scores.length];
          if (expected?.id !== line.data.id) return `the score of "${line.data.id.slice(0, 60)}" where "${expected?.id ?? "nothing"}" was due`;
          scores.push(line.data);
          return null;
        };
        const document = { model: request.modelPath, adapter: request.adapterPath, adapterScale: 1, pairs: pairsPath, threads: request.threads, perToken: false };
        const ended = await caller.lines("score", document, accept, signal);
        if (!ended.ok) return ended;
        if (!end.seen || scores.length !== request.pairs.length) {
          return fail("INTERNAL", "trainer.no_result", `trex-train score answered ${scores.length} of ${request.pairs.length} pairs.`, "Please report this.");
        }
        return ok(scores);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
