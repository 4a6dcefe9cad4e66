import { describe, expect, it } from "vitest";
import { moveIds, taskSchema, type DecisionReason } from "../../../contract.js";
import { changedFields, draftOf, editsOf, fieldsUnder, isEdited, requirementErrors, requirementFields, taskOf, taskPath, type RequirementDraft } from "./requirement-draft.js";
import { movesByAxis } from "./requirement-words.js";
import { otherReasons, reasonOf } from "./reasons.js";

const plain = taskSchema.parse({ goal: "Be better", model: "/m.gguf", data: "/d.jsonl" });
const full = taskSchema.parse({
  ...plain, budget: 5400, metric: "json-fields", skill: "extraction", target: 0.925, planner: "language-model", agentModel: "/a.gguf", maxAnswerTokens: 64, threads: 3, defaults: { rank: 8 },
  splits: { devSearch: 100, devSelect: 90, vault: 300 }, constraints: { mostPromptTokens: 0, mostRank: 32, forbiddenMoves: ["tune"], deliver: "adapter" }, mustNotGetWorse: ["format"], instructions: ["Answer in JSON."], keepInsights: true,
});

describe("a drafted task in a form", () => {
  it.each([["the smallest", plain], ["the fullest", full]])("%s comes back as it went in", (_, task) => {
    const back = taskOf(task, draftOf(task));
    expect(back).toEqual({ ...task, budget: task.budget === 5400 ? "90m" : task.budget });
  });
  it("takes what was typed, and drops what was emptied", () => {
    const task = taskOf(full, { ...draftOf(full), budget: " 2 H", target: "", mostRank: "", agentModel: "", planner: "house", instructions: [" Be short. ", " "], maxAnswerTokens: "" })!;
    expect(task).toMatchObject({ budget: "2h", planner: "house", instructions: ["Be short."], constraints: { mostRank: null }, threads: 3, defaults: { rank: 8 } });
    expect(task).not.toHaveProperty("target");
    expect(task).not.toHaveProperty("agentModel");
    expect(task).not.toHaveProperty("maxAnswerTokens");
  });
  it.each<[keyof RequirementDraft, string | readonly string[]]>([
    ["budget", "soon"], ["budget", "5s"], ["target", "101"], ["target", "half"], ["devSearch", "7"], ["devSelect", ""], ["vault", "2.5"], ["mostPromptTokens", "-1"], ["mostRank", "0"], ["mostRank", "257"],
    ["agentModel", ""], ["maxAnswerTokens", "0"], ["maxNodes", "0"], ["seed", "x"], ["instructions", ["x".repeat(2001)]],
  ])("has a sentence for %s %j, and no task", (field, value) => {
    const draft = { ...draftOf(full), [field]: value };
    expect(Object.keys(requirementErrors(draft))).toEqual([field]);
    expect(requirementErrors(draft)[field]).toMatch(/\.$/);
    expect(taskOf(full, draft)).toBeNull();
  });
  it("sends back what the user touched, part by part, and null for what was emptied", () => {
    const edits = editsOf(full, ["vault", "mostRank", "deliver", "budget"]);
    expect(edits).toEqual({ splits: { vault: 300 }, constraints: { mostRank: 32, deliver: "adapter" }, budget: 5400 });
    expect(editsOf(plain, ["target", "mostRank"])).toEqual({ target: null, constraints: { mostRank: null } });
    expect(editsOf(full, [])).toEqual({});
    expect(requirementFields.filter((field) => isEdited(edits, field))).toEqual(["budget", "vault", "mostRank", "deliver"]);
  });
  it("knows which fields a question is about", () => {
    expect(fieldsUnder("budget")).toEqual(["budget"]);
    expect(fieldsUnder("splits")).toEqual(["devSearch", "devSelect", "vault"]);
    expect(fieldsUnder("constraints.mostRank")).toEqual(["mostRank"]);
    expect(fieldsUnder("split")).toEqual([]);
  });
  it("calls a field changed only when it differs", () => {
    expect(changedFields(draftOf(full), { seed: "1", forbiddenMoves: ["tune"], vault: "301" })).toEqual(["vault"]);
  });
  it("has a place for every field of the task, or leaves it alone", () => {
    const fields = new Set(requirementFields.map((field) => taskPath[field].split(".")[0]));
    const elsewhere = ["goal", "model", "data", "threads", "gainSigmas", "defaults", "tariffPerKilowattHour"];
    expect([...fields, ...elsewhere].sort()).toEqual(Object.keys(taskSchema.shape).sort());
  });
  it("offers every move once to be ruled out", () => {
    expect(movesByAxis.flatMap((group) => group.moves).sort()).toEqual([...moveIds].sort());
  });
});

describe("reasons", () => {
  const reason = (field: string): DecisionReason => ({ field, value: "1", why: `because of ${field}`, by: "rule" });
  const reasons = [reason("splits"), reason("splits.vault"), reason("metric"), reason("defaults.rank"), reason("constraints")];
  it("are those of the field itself, else of what it is part of, else none", () => {
    expect(reasonOf(reasons, "vault")?.why).toBe("because of splits.vault");
    expect(reasonOf(reasons, "devSearch")?.why).toBe("because of splits");
    expect(reasonOf(reasons, "mostRank")?.why).toBe("because of constraints");
    expect(reasonOf(reasons, "skill")).toBeNull();
  });
  it("without a field of their own are still shown", () => {
    expect(otherReasons(reasons).map((entry) => entry.field)).toEqual(["defaults.rank"]);
  });
});
