import { describe, expect, it } from "vitest";
import { draftErrors, emptyDraft, fieldOfCode, sameDraft, trimmed } from "./draft.js";

describe("the form", () => {
  it("has a sentence for everything that is missing, and none when nothing is", () => {
    expect(Object.keys(draftErrors(emptyDraft))).toEqual(["goal", "model", "data"]);
    expect(Object.keys(draftErrors({ goal: "x".repeat(4001), model: "m", data: " " }))).toEqual(["goal", "data"]);
    expect(draftErrors({ goal: "Be better", model: "/m.gguf", data: "/d.jsonl" })).toEqual({});
  });
  it("does not take a space for a change", () => {
    expect(sameDraft(trimmed({ goal: "a ", model: " b", data: "c" }), { goal: "a", model: "b", data: "c" })).toBe(true);
    expect(sameDraft(emptyDraft, { ...emptyDraft, data: "c" })).toBe(false);
  });
  it("puts the host's refusals next to the field they are about", () => {
    expect(fieldOfCode("model.not_gguf")).toBe("model");
    expect(fieldOfCode("data.empty")).toBe("data");
    expect(fieldOfCode("disk.full")).toBeNull();
  });
});
