import { describe, expect, it } from "vitest";
import { moves, type MoveId, type PlannerContext } from "../contract/index.js";
import { plannerContext, summary } from "../../test/fixtures/agents/planner-context.js";
import { createHousePlanner } from "./house-planner.js";
import { describeShape } from "./loss-shape.js";

const signal = new AbortController().signal;
const planner = createHousePlanner();
const propose = (more: Partial<PlannerContext> = {}): ReturnType<typeof planner.propose> => planner.propose(plannerContext(more), () => 0.5, signal);
const first = async (more: Partial<PlannerContext> = {}): Promise<MoveId | undefined> => (await propose(more)).candidates[0]?.move;
const withShape = (shape: "falling" | "overfitting" | "flat" | "unstable"): Partial<PlannerContext> => ({ parent: summary({ insight: `Change: +0.1; ${describeShape(shape)}.` }) });

describe("the house planner", () => {
  it("gives one to three candidates from the menu with probabilities that add up, and the same again", async () => {
    for (const menu of [["few-shot"], ["rank", "dropout"], [...plannerContext().menu]] as MoveId[][]) {
      const proposal = await propose({ menu });
      expect(proposal.candidates.length).toBe(Math.min(3, menu.length));
      expect(proposal.candidates.every((candidate) => menu.includes(candidate.move) && candidate.hypothesis.length > 10 && candidate.hypothesis.length <= 300)).toBe(true);
      expect(proposal.candidates.reduce((sum, candidate) => sum + candidate.probability, 0)).toBeCloseTo(1, 10);
      expect(proposal).toEqual(await propose({ menu }));
      expect(proposal).toMatchObject({ decidedBy: "house-planner", fallbackReason: null, numbers: {} });
    }
  });

  it("tries the learning rate before any other number", async () => {
    expect(await first({ axisCounts: {} })).toBe("learning-rate");
    expect(await first({ axisCounts: { optimization: 1 }, ...withShape("falling") })).not.toBe("learning-rate");
  });

  it("trains longer where the loss was still falling, and cites the node", async () => {
    const proposal = await propose(withShape("falling"));
    expect(proposal.candidates[0]?.move).toBe("train-longer");
    expect(proposal.evidence).toContain("n2");
  });

  it("fights learning by heart with fewer epochs, dropout and fewer repetitions", async () => {
    const moves = (await propose({ ...withShape("overfitting"), duplicates: 100 })).candidates.map((candidate) => candidate.move);
    expect(new Set(moves)).toEqual(new Set(["train-shorter", "dropout", "deduplicate"]));
    expect(await first({ parent: summary({ trainLoss: 0.1, validationLoss: 0.5 }) })).toBe("train-shorter");
  });

  it("changes the learning rate when the loss was unstable", async () => {
    expect(await first(withShape("unstable"))).toBe("learning-rate");
  });

  it("drops contradicting rows, the sooner the more there are", async () => {
    expect(await first({ conflicts: 40 })).toBe("drop-conflicts");
    const few = (await propose({ conflicts: 2 })).candidates.find((candidate) => candidate.move === "drop-conflicts");
    const many = (await propose({ conflicts: 40 })).candidates.find((candidate) => candidate.move === "drop-conflicts");
    expect(many?.probability ?? 0).toBeGreaterThan(few?.probability ?? 0);
  });

  it("leaves an axis that was within noise twice", async () => {
    const fruitless = ["n5", "n6"].map((id) => summary({ id, move: "train-longer", axis: "duration", verdict: "within-noise" }));
    const before = await propose(withShape("falling"));
    const after = await propose({ ...withShape("falling"), siblings: fruitless });
    const axisOf = (move: MoveId | undefined): string => (move === undefined ? "none" : moves[move].axis);
    expect(axisOf(before.candidates[0]?.move)).toBe("duration");
    expect(["duration", "none"]).not.toContain(axisOf(after.candidates[0]?.move));
  });

  it("looks elsewhere when one axis holds most of the nodes", async () => {
    expect(await first({ ...withShape("falling"), axisCounts: { duration: 5, optimization: 1 }, siblings: [summary({ id: "n7", move: "train-longer", axis: "duration", verdict: "worse" })] })).not.toBe("train-longer");
  });

  it("teaches form by practice when the JSON is broken", async () => {
    expect(await first({ parent: summary({ secondary: { jsonValid: 0.7, fieldAccuracy: 0.3 } }) })).toBe("train-longer");
  });

  it("works on an untrained parent", async () => {
    const untrained = summary({ id: "n1", recipe: { data: [], prompt: { system: null, fewShot: 0 }, training: null, seed: 1 }, trainLoss: null, validationLoss: null, verdict: "baseline" });
    expect((await propose({ parent: untrained, path: [untrained], menu: ["learning-rate", "few-shot"] })).candidates).toHaveLength(2);
  });
});
