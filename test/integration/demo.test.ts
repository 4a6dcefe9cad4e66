import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { costSchema, estimateSchema } from "../../electron/contract/index.js";
import { trex } from "../fixtures/command-line.js";
import { requireBuild } from "../fixtures/tiny-model.js";

let home = "";

beforeAll(async () => {
  requireBuild();
  home = await mkdtemp(path.join(os.tmpdir(), "trex-demo-"));
});
afterAll(async () => { await rm(home, { recursive: true, force: true }); });

/** The document that scripts rely on, field by field; a slow machine explores fewer nodes, so their number is printed, not held. */
const documentSchema = z.strictObject({
  runId: z.string(), seed: z.literal(3), nodes: z.number().int(), backtracks: z.number().int(),
  baseline: estimateSchema.strict(), vault: estimateSchema.extend({ timesOpened: z.literal(1) }).strict(),
  cost: costSchema.omit({ agentTokens: true }).strict(), adapter: z.string(), report: z.string(),
});

it("the demo ends with an adapter that is surely better than the prompted base model", async () => {
  const { code, stdout, stderr } = await trex(["demo", "--json", "--seed", "3"], { TREX_HOME: home });
  expect(code, stderr).toBe(0);
  const document = documentSchema.parse(JSON.parse(stdout));
  process.stdout.write(`demo, seed 3: ${document.nodes} nodes, ${document.backtracks} backtracks, vault ${document.vault.score.toFixed(3)} [${document.vault.ci.map((end) => end.toFixed(3)).join(", ")}], baseline ${document.baseline.score.toFixed(3)}, ${document.cost.totalSeconds.toFixed(0)} s\n`);
  expect(document.vault.ci[0]).toBeGreaterThan(document.baseline.ci[1]);
  expect(document.vault.n).toBe(document.baseline.n);
  expect(existsSync(document.adapter)).toBe(true);
  expect(existsSync(document.report)).toBe(true);
}, 600_000);
