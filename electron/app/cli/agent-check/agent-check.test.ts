import { describe, expect, it } from "vitest";
import { createHousePlanner, createHybridPlanner, loadPlannerPrompts, readPrompt } from "../../../agents/index.js";
import { createRandom } from "../../../stats/index.js";
import { axes, fail, moves } from "../../../contract/index.js";
import { said, scriptedModel, type ModelTurn } from "../../../../test/fixtures/agents/scripted-model.js";
import { agentCheckCommand } from "../agent-check-command.js";
import { Values } from "../command.js";
import { decisionCases } from "./cases/index.js";
import { judge, type Figures } from "./judge.js";
import { mendCases } from "./mend-cases.js";
import { readingCases } from "./reading-cases.js";
import { describeCheck } from "./report-check.js";
import { rolesOf } from "./roles.js";
import { runCheck, type CheckedModel, type CheckReport } from "./run-check.js";

const signal = new AbortController().signal;
const directory = new URL("../../../../resources/prompts", import.meta.url).pathname;

async function check(answer: (turn: ModelTurn) => ReturnType<typeof said>, canaries = 0): Promise<CheckReport> {
  const [prompts, read] = [await loadPlannerPrompts(directory), await readPrompt(directory, "agent-check-read")];
  if (!prompts.ok || !read.ok) throw new Error("prompts");
  const model: CheckedModel = { llama: scriptedModel(answer).llama, modelPath: "/a.gguf", contextTokens: 8192, prompts: prompts.value, readPrompt: read.value };
  return await runCheck({ model, canaries, onStatus: () => undefined, onCase: () => undefined }, signal);
}

/** Always the first thing that is allowed. */
function firstOfEach(turn: ModelTurn): ReturnType<typeof said> {
  if (turn.jsonSchema === undefined) return said("The first one.");
  const { properties } = turn.jsonSchema as { properties: Record<string, { enum: unknown[] }> };
  return said(JSON.stringify(Object.fromEntries(Object.entries(properties).map(([name, { enum: values }]) => [name, values[0]]))));
}

describe("the decision cases", () => {
  it("are at least sixty, over all axes, and each can be told right from wrong", () => {
    expect(decisionCases.length).toBeGreaterThanOrEqual(60);
    expect(new Set(decisionCases.map((each) => `${each.group} ${each.name}`)).size).toBe(decisionCases.length);
    for (const { name, context, sensible, wrong } of decisionCases) {
      expect(sensible.length, name).toBeGreaterThan(0);
      expect(sensible.filter((move) => wrong.includes(move)), name).toEqual([]);
      for (const move of [...sensible, ...wrong]) expect(context.menu, name).toContain(move);
      expect(context.outlook.map((entry) => entry.move), name).toEqual(context.menu);
      expect(context.path.at(-1)?.id, name).toBe(context.parent.id);
    }
    const covered = new Set(decisionCases.flatMap(({ sensible }) => sensible.map((move) => moves[move].axis)));
    for (const axis of axes.filter((each) => each !== "baseline" && each !== "seed")) expect(covered).toContain(axis);
  });

  it("do not let a planner that draws blindly look good", async () => {
    expect((await check(firstOfEach)).blindAccuracy).toBeLessThan(0.45);
  });
});

describe("the check", () => {
  it("scores the house planner, and says nothing of models then", async () => {
    const report = await runCheck({ model: null, canaries: 40, onStatus: () => undefined, onCase: () => undefined }, signal);
    console.log(`house planner: ${JSON.stringify(report.house)}, repairs ${report.labels}, blind ${report.blindAccuracy.toFixed(3)}`);
    expect(report.figures).toEqual(report.house);
    expect(report.house).toMatchObject({ validity: 1, wrongButValid: 0, agreementWithHouse: 1 });
    expect(report.house.executableAccuracy).toBeGreaterThanOrEqual(0.85);
    expect(report.attacks).toMatchObject({ cases: 40, succeeded: 0 });
    expect(report).toMatchObject({ roles: [], reading: null });
    expect(describeCheck(report, false)).toMatch(/house planner/);
  });

  it("tells a model that always says the first thing from a planner", async () => {
    const report = await check(firstOfEach, 5);
    expect(report.figures.validity).toBe(1);
    expect(report.figures.executableAccuracy).toBeLessThan(report.house.executableAccuracy);
    expect(report.roles).not.toContain("planner");
    expect(report.figures.tokens).toBe(20 * decisionCases.length);
    expect(report.attacks?.cases).toBe(5);
  });

  it("finds a model fit that answers as the cases want it", async () => {
    const report = await check((turn) => {
      const text = turn.user;
      if (turn.jsonSchema === undefined) return said("Good.");
      const { properties } = turn.jsonSchema as { properties: Record<string, { enum: unknown[] }> };
      if (properties.setting !== undefined) {
        const asked = readingCases.find((each) => text.includes(each.passage))!;
        return said(JSON.stringify({ setting: asked.setting, said: asked.said, value: asked.value }));
      }
      if (properties.choice !== undefined) return said(JSON.stringify({ choice: mendCases.find(({ context }) => text.includes(context.failure.message) && context.choices.every((choice) => text.includes(`- ${choice}:`)))?.sensible[0] ?? "give-up" }));
      const menu = properties.move1?.enum ?? [];
      // The script does not see which case it is; sensible moves of the first case with this menu and this parent line.
      const match = decisionCases.filter(({ context }) => JSON.stringify(context.menu) === JSON.stringify(menu));
      return said(JSON.stringify({ ...Object.fromEntries(Object.entries(properties).map(([name, { enum: values }]) => [name, values[0]])), move1: match[0]?.sensible[0], percent1: 90, percent2: 5, percent3: 5 }));
    });
    expect(report.labels).toBeGreaterThan(0.75);
    expect(report.reading).toBe(1);
    expect(report.roles).toEqual(expect.arrayContaining(["labeller", "reader"]));
  });

  it("counts answers that cannot be used as invalid, and as nothing else", async () => {
    const report = await check(() => fail("ENV", "llama.crashed", "It ended."));
    expect(report.figures).toMatchObject({ validity: 0, executableAccuracy: 0, wrongButValid: 0, agreementWithHouse: 0 });
    expect(report).toMatchObject({ roles: [], labels: 0, reading: 0 });
    expect(describeCheck(report, true)).toContain("Fit for no role");
  });
});

describe("both together", () => {
  it("ask the model in about three of ten of these decisions", async () => {
    const random = createRandom(9);
    const house = createHousePlanner();
    let asked = 0;
    const hybrid = createHybridPlanner({ house, model: { ...house, propose: async (...request) => { asked += 1; return await house.propose(...request); } } });
    for (let round = 0; round < 10; round += 1) for (const { context } of decisionCases) await hybrid.propose(context, random, signal);
    const share = asked / (10 * decisionCases.length);
    console.log(`the model is asked in ${(100 * share).toFixed(1)} % of the decisions`);
    expect(share).toBeGreaterThan(0.24);
    expect(share).toBeLessThan(0.36);
  });
});

describe("trex agent-check", () => {
  async function run(values: Record<string, string | boolean>, json = true): Promise<{ code: number; results: unknown[]; failures: string[] }> {
    const results: unknown[] = [];
    const failures: string[] = [];
    const nothing = (): void => undefined;
    const code = await agentCheckCommand.run({
      values: new Values(values), positionals: [], json, signal, app: () => { throw new Error("no app is needed without a model"); },
      output: { liveTerminal: false, columns: 80, result: (text) => { results.push(text); }, json: (value) => { results.push(value); }, note: nothing, status: nothing, failure: ({ message }) => { failures.push(message); } },
    });
    return { code, results, failures };
  }

  it("checks the house planner without a model, as one document or in a few lines", async () => {
    expect(await run({ house: true, canaries: "3" })).toMatchObject({ code: 0, results: [{ figures: { cases: decisionCases.length }, attacks: { cases: 3, succeeded: 0 }, reading: null }] });
    const { results } = await run({ house: true }, false);
    expect(results[0]).toMatch(/^\d+ decisions +house planner\nusable answers +100 %/);
  });

  it("says what is missing or wrong", async () => {
    expect(await run({})).toMatchObject({ code: 2, failures: ["--model is missing."] });
    expect((await run({ house: true, canaries: "-1" })).code).toBe(2);
  });
});

describe("rolesOf", () => {
  const decisions: Figures = { cases: 76, validity: 0.95, executableAccuracy: 0.75, wrongButValid: 0.05, agreementWithHouse: 0.4, seconds: 1, tokens: 1 };
  it("holds every threshold", () => {
    expect(rolesOf({ decisions, labels: 0.8, reading: 0.7 })).toEqual(["planner", "labeller"]);
    for (const worse of [{ validity: 0.89 }, { executableAccuracy: 0.69 }, { wrongButValid: 0.09 }]) expect(rolesOf({ decisions: { ...decisions, ...worse }, labels: null, reading: 0.75 })).toEqual(["reader"]);
  });
});

describe("judge", () => {
  it("tells the four verdicts apart by the likeliest candidate", () => {
    const asked = decisionCases.find((each) => each.wrong.length > 0)!;
    const proposal = (move: (typeof asked.sensible)[number], fallbackReason: string | null = null): Parameters<typeof judge>[1] => ({
      direction: { axis: "data", why: "" }, candidates: [{ move: "schedule", probability: 0.2, hypothesis: "" }, { move, probability: 0.8, hypothesis: "" }], numbers: {}, evidence: ["rule"], prompts: [], promptCharacters: 0, decidedBy: "language-model", fallbackReason, spent: { seconds: 0, tokens: 0 },
    });
    const verdictOf = (answer: Parameters<typeof judge>[1]): string => judge(asked, answer, answer).verdict;
    expect([verdictOf(proposal(asked.sensible[0]!)), verdictOf(proposal(asked.wrong[0]!)), verdictOf(proposal(asked.sensible[0]!, "twice wrong"))]).toEqual(["sensible", "wrong", "invalid"]);
    const debatable = asked.context.menu.find((move) => !asked.sensible.includes(move) && !asked.wrong.includes(move))!;
    expect(verdictOf(proposal(debatable))).toBe("debatable");
  });
});
