import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHousePlanner, createLanguageModelPlanner, loadPlannerPrompts, mostPromptCharacters, type LanguageModelPlannerOptions, type PlannerTurn } from "../../electron/agents/index.js";
import { numericFields, type LlamaHost } from "../../electron/contract/index.js";
import { createLlamaHost } from "../../electron/models/index.js";
import { plannerContext } from "../fixtures/agents/planner-context.js";
import { chatMlTemplate, makeRandomModel, temporaryFolder } from "./tiny-models.js";

const folder = temporaryFolder();
let llama: LlamaHost;
let modelPath = "";
beforeAll(() => {
  modelPath = makeRandomModel(folder, { vocabulary: "bytes", chatTemplate: chatMlTemplate, contextLength: 20_480 });
  llama = createLlamaHost({ gpu: "off" });
});
afterAll(async () => {
  await llama.release();
  rmSync(folder, { recursive: true, force: true });
});

async function createPlanner(turns: PlannerTurn[], path = modelPath, more: Partial<LanguageModelPlannerOptions> = {}): Promise<ReturnType<typeof createLanguageModelPlanner>> {
  const prompts = await loadPlannerPrompts(new URL("../../resources/prompts", import.meta.url).pathname);
  if (!prompts.ok) throw new Error(prompts.error.message);
  // A byte a token: the real limits are in words.
  return createLanguageModelPlanner({ llama, modelPath: path, house: createHousePlanner(), prompts: prompts.value, share: 1, limits: { reasonTokens: 60, chooseTokens: 700, turnTimeMs: 60_000 }, onTurn: (turn) => { turns.push(turn); }, ...more });
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
      expect(proposal.evidence.length).toBeGreaterThan(0);
      expect(proposal.promptCharacters).toBeLessThanOrEqual(3 * mostPromptCharacters);
      expect(proposal.spent.tokens).toBeGreaterThan(0);
      expect(proposal.spent.seconds).toBeGreaterThan(0);
    }
    expect(turns.map((turn) => turn.prompt)).toContain("planner-choose@2");
  });

  it("holds the grammar of enums: whatever random weights say is an object that fits", async () => {
    const turns: PlannerTurn[] = [];
    const proposal = await (await createPlanner(turns)).propose(plannerContext(), () => 0.3, new AbortController().signal);
    expect(proposal).toMatchObject({ decidedBy: "language-model", fallbackReason: null });
    expect(Object.keys(JSON.parse(turns.at(-1)?.answer ?? "{}") as object)).toEqual(expect.arrayContaining(["axis", "evidence1", "move1", "percent1", "expect1"]));
  });

  it("chooses a repair from the list", async () => {
    const planner = await createPlanner([], modelPath, { limits: { mendTokens: 60, turnTimeMs: 60_000 } });
    const mended = await planner.mend({
      node: plannerContext().parent, failure: { class: "OOM", code: "train.oom", message: "It did not fit.", hint: "" }, tried: [], choices: ["halve-rank", "shorten-rows", "give-up"], budget: plannerContext().budget,
    }, () => 0.5, new AbortController().signal);
    expect(["halve-rank", "shorten-rows", "give-up"]).toContain(mended.choice);
    expect(mended.why).toContain("language model chose");
  });

  it("streams what it says", async () => {
    const heard: string[] = [];
    await (await createPlanner([], modelPath, { onToken: (text, prompt) => { heard.push(`${prompt} ${text}`); } })).propose(plannerContext(), () => 0.5, new AbortController().signal);
    expect(heard.some((each) => each.startsWith("planner-reason@2 "))).toBe(true);
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
