import { describe, expect, it } from "vitest";
import { taskSchema } from "../../contract.js";
import { budgetSeconds, draftErrors, emptyDraft, fieldOfCode, taskOf, type Draft } from "./draft.js";

const full: Draft = { ...emptyDraft, goal: "Be better", model: "/m.gguf", data: "/d.jsonl" };

describe("the form", () => {
  it.each([["90s", 90], ["10m", 600], ["2h", 7200], ["1.5 h", 5400], ["45", 45], ["soon", null], ["", null], ["-5m", null]])("reads the budget %s as %s s", (text, seconds) => {
    expect(budgetSeconds(text)).toBe(seconds);
  });
  it("has a sentence for everything that is missing", () => {
    expect(Object.keys(draftErrors(emptyDraft))).toEqual(["goal", "model", "data"]);
    expect(Object.keys(draftErrors({ ...full, budget: "soon", seed: "x", planner: "language-model" }))).toEqual(["budget", "seed", "agentModel"]);
    expect(taskOf(emptyDraft)).toBeNull();
  });
  it("makes a task the contract takes, and leaves out what was not chosen", () => {
    expect(taskOf(full)).toEqual({ goal: "Be better", model: "/m.gguf", data: "/d.jsonl", budget: "30m", seed: 1, planner: "house" });
    const task = taskOf({ ...full, planner: "language-model", agentModel: "/a.gguf", metric: "json-fields", budget: "2 h" });
    expect(taskSchema.parse(task)).toMatchObject({ agentModel: "/a.gguf", metric: "json-fields", budget: "2h" });
  });
  it("puts the host's refusals next to the field they are about", () => {
    expect(fieldOfCode("model.not_gguf")).toBe("model");
    expect(fieldOfCode("data.empty")).toBe("data");
    expect(fieldOfCode("disk.full")).toBeNull();
  });
});
