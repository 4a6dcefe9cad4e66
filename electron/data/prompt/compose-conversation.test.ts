import { describe, expect, it } from "vitest";
import type { Example } from "../../contract/index.js";
import { composePrompt } from "./compose-conversation.js";
import { fixedShots } from "./shots.js";

const example = (question: string, answer: string, system?: string): Example => ({ id: question, sourceRow: 1, messages: [...(system === undefined ? [] : [{ role: "system" as const, content: system }]), { role: "user", content: question }, { role: "assistant", content: answer }] });
const shots = fixedShots([example("s1", "a1", "shot system"), example("s2", "a2"), example("s3", "a3")]);
const flat = (row: Example, system: string | null, fewShot: number) => composePrompt(row, { system, fewShot, shotSelection: "fixed" }, shots).map(({ role, content }) => `${role}:${content}`);

describe("composePrompt", () => {
  it("asks as the row does when the recipe adds nothing", () => {
    expect(flat(example("q", "a", "own"), null, 0)).toEqual(["system:own", "user:q"]);
  });
  it("puts the recipe's system text in the place of the row's and worked examples before the question", () => {
    expect(flat(example("q", "a", "own"), "recipe", 2)).toEqual(["system:recipe", "user:s1", "assistant:a1", "user:s2", "assistant:a2", "user:q"]);
  });
  it("never shows a row its own answer", () => {
    expect(flat(example("S1!", "a1"), null, 2)).toEqual(["user:s2", "assistant:a2", "user:s3", "assistant:a3", "user:S1!"]);
  });
});
