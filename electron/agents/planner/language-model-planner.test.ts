import { describe, expect, it } from "vitest";
import { fail, moveIds, numericFields, type PlannerContext, type Proposal } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { outlookOf, plannerContext, summary } from "../../../test/fixtures/agents/planner-context.js";
import { said, scriptedAnswers, type ModelAnswer, type ModelTurn } from "../../../test/fixtures/agents/scripted-model.js";
import { createHousePlanner } from "../house/house-planner.js";
import { loadPlannerPrompts } from "../prompts/prompt-file.js";
import { createLanguageModelPlanner, type LanguageModelPlannerOptions } from "./language-model-planner.js";
import { mostPromptCharacters } from "./limits.js";
import type { PlannerTurn } from "./model-turn.js";

const choice = (more: object = {}): string => JSON.stringify({ axis: "capacity", evidence1: "n2", evidence2: "none", move1: "rank", percent1: 60, expect1: "score-up", move2: "dropout", percent2: 20, expect2: "validation-loss-down", move3: "none", percent3: 5, expect3: "score-up", numberField: "rank", numberFactor: 4, ...more });

interface Setting { context?: Partial<PlannerContext>; random?: () => number; options?: Partial<LanguageModelPlannerOptions>; signal?: AbortSignal }

async function propose(answers: readonly ModelAnswer[], { context, random = (): number => 0.9, options = {}, signal = new AbortController().signal }: Setting = {}): Promise<{ proposal: Proposal; turns: ModelTurn[] }> {
  const prompts = await loadPlannerPrompts(new URL("../../../resources/prompts", import.meta.url).pathname);
  if (!prompts.ok) throw new Error(prompts.error.message);
  const { llama, turns } = scriptedAnswers(answers);
  const planner = createLanguageModelPlanner({ llama, modelPath: "/models/agent.gguf", house: createHousePlanner(), prompts: prompts.value, share: 1, ...options });
  return { proposal: await planner.propose(plannerContext(context), random, signal), turns };
}

describe("the language model alone", () => {
  it("asks for reasons in free text, then for a small flat object of enums, and says who decided on what", async () => {
    const recorded: PlannerTurn[] = [];
    const { proposal, turns } = await propose([said("Direction: capacity, see n2. Rank first, n2 levelled off."), said(choice())], { options: { onTurn: (turn) => { recorded.push(turn); } } });
    expect(proposal).toEqual({
      direction: { axis: "capacity", why: "Direction: capacity, see n2. Rank first, n2 levelled off." },
      candidates: [
        { move: "rank", probability: 0.75, hypothesis: "Rank first, n2 levelled off. Expected: score up by at least 0.04 against n2.", prediction: { figure: "score", change: "up", by: 0.04 } },
        { move: "dropout", probability: 0.25, hypothesis: "Change the dropout. Expected: validationLoss down by at least 0.009 against n2.", prediction: { figure: "validationLoss", change: "down", by: 0.009 } },
      ],
      numbers: {}, evidence: ["n2"], prompts: ["planner-reason@2", "planner-choose@2"], promptCharacters: turns.reduce((sum, turn) => sum + turn.system.length + turn.user.length, 0),
      decidedBy: "language-model", fallbackReason: null, spent: { seconds: 1, tokens: 20 },
    });
    expect(turns.map((turn) => turn.jsonSchema !== undefined)).toEqual([false, true]);
    const properties = (turns[1]?.jsonSchema as { properties: Record<string, object> }).properties;
    // Nothing but enums: no string of the object can run away.
    for (const [name, property] of Object.entries(properties)) {
      expect(Object.keys(property)).toEqual(["enum"]);
      expect(turns[1]?.user).toContain(`- ${name}: `);
    }
    expect(recorded.map((turn) => turn.prompt)).toEqual(["planner-reason@2", "planner-choose@2"]);
  });

  it("repeats the whole task card in every prompt", async () => {
    const { turns } = await propose([said("."), said("{"), said(choice())], { context: { target: 0.9, mustNotGetWorse: ["general", "format"], constraints: { mostPromptTokens: 300, mostRank: 32, forbiddenMoves: ["halve-data"], deliver: "adapter" } } });
    expect(turns).toHaveLength(3);
    for (const { user } of turns) for (const said of ["Turn plain requests into JSON commands.", "metric json-fields", "0.9 is good enough", "<data>general</data>, <data>format</data>", "300 tokens", "rank at most 32", "never halve-data", "adapter only", "noise 0.02", "10 min left", "skill extraction"]) expect(user).toContain(said);
  });

  it("may set a number on three nodes in ten, inside the bounds", async () => {
    const answers = [said("."), said(choice())];
    expect((await propose(answers, { random: () => 0.1 })).proposal.numbers).toEqual({ rank: numericFields.rank.maximum });
    expect((await propose(answers, { random: () => 0.31 })).proposal.numbers).toEqual({});
  });

  it("takes no number that its first move does not set, nor one in the wrong direction", async () => {
    const random = (): number => 0.1;
    expect((await propose([said("."), said(choice({ numberField: "dropout" }))], { random })).proposal.numbers).toEqual({});
    expect((await propose([said("."), said(choice({ move1: "train-shorter", numberField: "epochs", numberFactor: 4 }))], { random })).proposal.numbers).toEqual({});
    expect((await propose([said("."), said(choice({ move1: "train-shorter", numberField: "epochs", numberFactor: 0.5 }))], { random })).proposal.numbers).toEqual({ epochs: 1 });
  });

  it.each([
    ["no JSON", "I think rank is best"], ["torn JSON", choice().slice(0, -5)], ["a move that does not exist", choice({ move1: "delete-the-vault", move2: "none" })],
    ["a move that is not on this menu", choice({ move1: "halve-data", move2: "none" })], ["a missing field", choice({ move1: undefined })], ["endless digits", choice().replace("60", "9".repeat(400))],
    ["evidence that does not exist", choice({ evidence1: "n99", evidence2: "card-of-mine" })],
  ])("repairs %s once, with another seed, temperature and wording, and without showing it again", async (_name, broken) => {
    const { proposal, turns } = await propose([said("."), said(broken), said(choice())]);
    expect(proposal.decidedBy).toBe("language-model");
    expect(proposal.prompts).toEqual(["planner-reason@2", "planner-choose@2", "planner-repair@1"]);
    expect(turns).toHaveLength(3);
    expect(turns[2]?.seed).not.toBe(turns[1]?.seed);
    expect(turns[2]?.temperature).not.toBe(turns[1]?.temperature);
    expect(turns[2]?.system).not.toBe(turns[1]?.system);
    expect(turns[2]?.user).toContain("An earlier try failed because");
    expect(turns[2]?.user).not.toContain(broken);
  });

  it("drops evidence that was invented and keeps what exists", async () => {
    expect((await propose([said("."), said(choice({ evidence1: "n99", evidence2: "rule" }))])).proposal.evidence).toEqual(["rule"]);
  });

  it("hands over to the house planner after the second bad answer, keeps the reason and counts what was spent", async () => {
    const { proposal, turns } = await propose([said("."), said("{"), said("{")]);
    expect(turns).toHaveLength(3);
    expect(proposal).toMatchObject({ decidedBy: "house-planner", fallbackReason: expect.stringContaining("not complete") as string, spent: { seconds: 1.5, tokens: 30 }, prompts: ["planner-reason@2", "planner-choose@2", "planner-repair@1"] });
    expect(proposal.candidates.length).toBeGreaterThan(0);
    expect(proposal.evidence.length).toBeGreaterThan(0);
  });

  it("hands over when the model crashes, hangs or is stopped", async () => {
    for (const failure of [fail("ENV", "llama.crashed", "llama.cpp ended twice."), fail("TIMEOUT", "llama.stalled", "It said nothing."), fail("CANCELLED", "llama.cancelled", "It was stopped.")]) {
      const { proposal } = await propose([failure]);
      expect(proposal.decidedBy).toBe("house-planner");
      expect(proposal.fallbackReason).toBe(failure.ok ? "" : failure.error.message);
    }
    const stopped = new AbortController();
    stopped.abort();
    expect((await propose([said("."), said(choice())], { signal: stopped.signal })).proposal.decidedBy).toBe("house-planner");
  });

  it("drops what a model thinks aloud, even when it never stops", async () => {
    const { turns } = await propose([said("<think>secret musings"), said(choice())]);
    expect(turns[1]?.user).not.toContain("musings");
  });

  it("caps tokens and time, and takes no more than a twentieth of what is left", async () => {
    const { turns } = await propose([said("."), said(choice())], { context: { budget: { remainingMs: 100_000, nodeMs: 1, nodesLeft: 3 } } });
    expect(turns.every((turn) => turn.maxTokens <= 400 && turn.timeLimitMs === 5_000)).toBe(true);
  });

  it("streams what is generated, with the prompt's name", async () => {
    const heard: string[] = [];
    const { turns } = await propose([said("."), said(choice())], { options: { onToken: (text, prompt) => { heard.push(`${prompt}:${text}`); } } });
    for (const turn of turns) turn.onToken?.("x");
    expect(heard).toEqual(["planner-reason@2:x", "planner-choose@2:x"]);
  });
});

describe("a prompt", () => {
  const random = createRandom(11);
  const texts = Array.from({ length: 40 }, () => Array.from({ length: 4_000 }, () => "lorem <data> ipsum 0.123456 \u200b</data> {{card}} 漢字 "[Math.floor(random() * 48)] ?? "x").join(""));
  const words = (length: number): string => (texts[Math.floor(random() * texts.length)] ?? "").repeat(Math.ceil(length / 4_000)).slice(0, length);

  function hugeContext(): PlannerContext {
    const size = (most: number): number => Math.floor(random() * most);
    const nodes = Array.from({ length: 1_000 + size(3_000) }, (_, index) => summary({
      id: `n${index + 10}`, title: words(300), insight: words(1 + size(400)), move: moveIds[size(moveIds.length)]!, secondary: Object.fromEntries(Array.from({ length: size(6) }, (_unused, key) => [`metric${key}`, random()])),
    }));
    const parent = nodes[size(nodes.length)]!;
    const menu = moveIds.slice(0, 1 + size(moveIds.length));
    return plannerContext({
      goal: words(4_000), architecture: words(500), parent, path: nodes.slice(0, size(2_000)), siblings: nodes.slice(size(1_000)), keyNodes: nodes, insights: nodes.map((node) => node.insight ?? ""),
      cards: Array.from({ length: size(3_000) }, (_, index) => ({ id: `card-${index}`, kind: "document" as const, claim: words(400), scope: words(300), confidence: "reported" as const, disagreement: words(300), about: menu.map((move) => ({ move, helps: random() < 0.5 })) })),
      hints: Array.from({ length: size(3_000) }, (_, index) => ({ id: `s${index}`, text: words(300) })),
      parentFailures: Array.from({ length: size(2_000) }, (_, index) => ({ label: `wrong field: ${index}${words(50)}`, share: random() })),
      memoryTable: Array.from({ length: size(2_000) }, () => ({ rank: size(64), tokensPerStep: 512 * size(16), plannedBytes: null, fits: random() < 0.5 })),
      mustNotGetWorse: Array.from({ length: size(200) }, () => words(30)), menu, outlook: outlookOf(menu, Object.fromEntries(menu.map((move) => [move, { expectedGain: random() / 3, standardDeviation: random() / 7, costMs: 1e7 * random() }]))),
    });
  }

  it(`never exceeds ${mostPromptCharacters} characters, whatever the size of tree, library and hints, and still shows the parent`, async () => {
    let longest = 0;
    for (let round = 0; round < 12; round += 1) {
      const context = hugeContext();
      const { turns } = await propose([said(words(50_000)), said("{"), said(choice())], { context });
      expect(turns).toHaveLength(3);
      for (const turn of turns) longest = Math.max(longest, turn.system.length + turn.user.length);
      expect(turns[0]?.user).toContain(`- ${context.parent.id} `);
    }
    expect(longest).toBeLessThanOrEqual(mostPromptCharacters);
    // Not cut to nothing either.
    expect(longest).toBeGreaterThan(0.8 * mostPromptCharacters);
  });

  it("shrinks with the agent's context, and one that is too small for the task is said to be", async () => {
    const context = hugeContext();
    for (const contextTokens of [6_144, 5_120]) {
      const { turns } = await propose([said("."), said(choice())], { context, options: { limits: { contextTokens } } });
      expect(turns.length).toBeGreaterThan(0);
      for (const turn of turns) expect(turn.system.length + turn.user.length).toBeLessThanOrEqual((contextTokens - turn.maxTokens - 256) * 2.2);
    }
    const small = await propose([said("."), said(choice())], { context, options: { limits: { contextTokens: 1_024 } } });
    expect(small.turns).toHaveLength(0);
    expect(small.proposal).toMatchObject({ decidedBy: "house-planner", fallbackReason: expect.stringContaining("too small") as string });
  });
});

describe("both together", () => {
  it("asks the model in a share of the decisions and lets the house planner make the others", async () => {
    const random = createRandom(5);
    let asked = 0;
    for (let round = 0; round < 200; round += 1) {
      const { proposal, turns } = await propose([said("."), said(choice())], { random, options: { share: 0.3 } });
      expect(turns.length > 0).toBe(proposal.decidedBy === "language-model");
      if (turns.length > 0) asked += 1;
    }
    expect(asked).toBeGreaterThan(40);
    expect(asked).toBeLessThan(80);
  });

  it("asks when the house planner can hardly choose", async () => {
    const menu = ["dropout", "train-shorter"] as const;
    expect((await propose([said("."), said(choice())], { context: { menu, outlook: outlookOf(menu) }, options: { share: 0 } })).turns).not.toHaveLength(0);
    expect((await propose([said("."), said(choice())], { options: { share: 0 } })).turns).toHaveLength(0);
  });
});

describe("mending", () => {
  const failure = { class: "OOM", code: "train.oom", message: "It did not fit.", hint: "" } as const;
  async function mend(answer: ModelAnswer): Promise<{ choice: string; turns: ModelTurn[] }> {
    const prompts = await loadPlannerPrompts(new URL("../../../resources/prompts", import.meta.url).pathname);
    if (!prompts.ok) throw new Error(prompts.error.message);
    const { llama, turns } = scriptedAnswers([answer]);
    const planner = createLanguageModelPlanner({ llama, modelPath: "/a.gguf", house: createHousePlanner(), prompts: prompts.value });
    const mended = await planner.mend({ node: summary(), failure, tried: ["Half the tokens per step."], choices: ["halve-rank", "shorten-rows", "give-up"], budget: plannerContext().budget }, () => 0.5, new AbortController().signal);
    return { choice: mended.choice, turns };
  }

  it("is one tiny constrained question with the house planner behind it", async () => {
    const asked = await mend(said(`{"choice":"shorten-rows"}`));
    expect(asked.choice).toBe("shorten-rows");
    expect(asked.turns).toHaveLength(1);
    expect(asked.turns[0]).toMatchObject({ jsonSchema: { properties: { choice: { enum: ["halve-rank", "shorten-rows", "give-up"] } } }, maxTokens: 24 });
    for (const answer of [said("{"), said(`{"choice":"double-budget"}`), said(`{"choice":"halve-batch"}`), fail("ENV", "x", "gone")]) expect((await mend(answer)).choice).toBe("halve-rank");
  });
});
