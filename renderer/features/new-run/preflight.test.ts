import { describe, expect, it } from "vitest";
import type { ImportReport } from "../../contract.js";
import { emptyDraft } from "./draft.js";
import { preflight } from "./preflight.js";

const report: ImportReport = { path: "/d", format: "csv", rows: 100, accepted: 97, rejected: [], duplicates: 0, conflicts: 0, encoding: "utf-8", sha256: "", answerCharacters: { median: 1, longest: 2 }, answersAreJson: false, answersAreChoices: false, columns: [] };
const models = [{ path: "/g.gguf", name: "Gemma", sizeBytes: 1, source: "Ollama", architecture: "gemma9", supported: false, reason: "the architecture gemma9 cannot be trained yet" }];
const known = { draft: emptyDraft, budget: "30m", models, report: null, dataProblem: null, doctor: null };
const stateOf = (facts: ReturnType<typeof preflight>, label: string): string | undefined => facts.find((fact) => fact.label === label)?.state;

describe("before a run starts", () => {
  it("says what is still open", () => {
    expect(preflight(known).filter((fact) => fact.state === "open").map((fact) => fact.label)).toEqual(["Model", "Data", "Trains on", "Disk"]);
  });
  it("does not promise a time before one was proposed", () => {
    expect(stateOf(preflight({ ...known, budget: null }), "Time")).toBe("open");
    expect(stateOf(preflight({ ...known, budget: "soon" }), "Time")).toBe("open");
    expect(stateOf(preflight(known), "Time")).toBe("good");
  });
  it("names a model that cannot be trained, and does not guess about one it has not seen", () => {
    expect(preflight({ ...known, draft: { ...emptyDraft, model: "/g.gguf" } })[0]).toEqual({ label: "Model", state: "bad", text: models[0]!.reason });
    expect(stateOf(preflight({ ...known, draft: { ...emptyDraft, model: "/other.gguf" } }), "Model")).toBe("open");
  });
  it("warns when rows are left out, and shows a data problem as one", () => {
    expect(preflight({ ...known, report })[1]).toMatchObject({ state: "warn", text: "97 of 100 rows can be used" });
    expect(stateOf(preflight({ ...known, report: { ...report, accepted: 100 } }), "Data")).toBe("good");
    expect(stateOf(preflight({ ...known, dataProblem: "There is no such file." }), "Data")).toBe("bad");
  });
});
