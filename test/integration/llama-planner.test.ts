import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHousePlanner, createLanguageModelPlanner, loadPlannerPrompts, type PlannerTurn } from "../../electron/agents/index.js";
import { numericFields, type LlamaHost } from "../../electron/contract/index.js";
import { createLlamaHost } from "../../electron/models/index.js";
import { plannerContext } from "../fixtures/agents/planner-context.js";
import { chatMlTemplate, makeRandomModel, temporaryFolder } from "./tiny-models.js";

const folder = temporaryFolder();
let llama: LlamaHost;
let modelPath = "";
beforeAll(() => {
  modelPath = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: chatMlTemplate, contextLength: 16_384 });
  llama = createLlamaHost({ gpu: "off" });
});
afterAll(async () => {
  await llama.release();
  rmSync(folder, { recursive: true, force: true });
});

async function createPlanner(turns: PlannerTurn[], path = modelPath): Promise<ReturnType<typeof createLanguageModelPlanner>> {
  const prompts = await loadPlannerPrompts(new URL("../../resources/prompts", import.meta.url).pathname);
  if (!prompts.ok) throw new Error(prompts.error.message);
  // A byte a token: the real limits are in words.
  return createLanguageModelPlanner({ llama, modelPath: path, house: createHousePlanner(), prompts: prompts.value, limits: { reasonTokens: 60, chooseTokens: 400, turnTimeMs: 60_000 }, onTurn: (turn) => { turns.push(turn); } });
}

describe("the language-model planner on a model of random weights", () => {
  it("always ends with a valid proposal and says who decided and what it cost", async () => {
    const turns: PlannerTurn[] = [];
    const planner = await createPlanner(turns);
    const context = plannerContext({ budget: { remainingMs: 3_600_000, nodeMs: 30_000, nodesLeft: 8 } });
    for (const seed of [0.05, 0.5, 0.95]) {
      const proposal = await planner.propose(context, () => seed, new AbortController().signal);
      expect(proposal.candidates.length).toBeGreaterThanOrEqual(1);
      expect(proposal.candidates.length).toBeLessThanOrEqual(3);
      expect(proposal.candidates.every((candidate) => context.menu.includes(candidate.move) && candidate.hypothesis.length <= 300)).toBe(true);
      expect(proposal.candidates.reduce((sum, candidate) => sum + candidate.probability, 0)).toBeCloseTo(1, 6);
      for (const [field, value] of Object.entries(proposal.numbers)) {
        const bounds = numericFields[field as keyof typeof numericFields];
        expect(value).toBeGreaterThanOrEqual(bounds.minimum);
        expect(value).toBeLessThanOrEqual(bounds.maximum);
      }
      expect(proposal.decidedBy === "house-planner").toBe(proposal.fallbackReason !== null);
      expect(proposal.spent.tokens).toBeGreaterThan(0);
      expect(proposal.spent.seconds).toBeGreaterThan(0);
    }
    expect(turns.map((turn) => turn.prompt)).toContain("prompt:planner-choose@1");
  });

  it("stops within a second when asked, with the house planner's proposal", async () => {
    const planner = await createPlanner([]);
    const controller = new AbortController();
    const pending = planner.propose(plannerContext(), () => 0.5, controller.signal);
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    const began = performance.now();
    controller.abort();
    expect(await pending).toMatchObject({ decidedBy: "house-planner" });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it("falls back with a reason when the agent model is missing", async () => {
    const proposal = await (await createPlanner([], join(folder, "none.gguf"))).propose(plannerContext(), () => 0.5, new AbortController().signal);
    expect(proposal).toMatchObject({ decidedBy: "house-planner", fallbackReason: expect.stringContaining("none.gguf") as string });
  });
});
