import { describe, expect, it } from "vitest";
import { axes, moveIds, moves, type MoveId, type NodeSummary, type PlannerContext, type Proposal } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { outlookOf, plannerContext, summary, untrained } from "../../../test/fixtures/agents/planner-context.js";
import { describeShape } from "../diagnosis/loss-shape.js";
import { knownEvidence } from "../proposal/evidence.js";
import { houseProposal } from "./house-proposal.js";

const propose = (more: Partial<PlannerContext> = {}): Proposal => houseProposal(plannerContext(more));
const first = (more: Partial<PlannerContext> = {}): MoveId | undefined => propose(more).candidates[0]?.move;
const withShape = (shape: "falling" | "overfitting" | "flat" | "unstable", more: Partial<NodeSummary> = {}): Partial<PlannerContext> => ({ parent: summary({ insight: `Change: +0.1; ${describeShape(shape)}.`, ...more }) });
const tuned: Partial<PlannerContext> = { outlook: outlookOf(plannerContext().menu, { "learning-rate": { tries: 1 } }) };
const weightOf = (proposal: Proposal, move: MoveId): number => proposal.candidates.find((candidate) => candidate.move === move)?.probability ?? 0;

describe("the house planner", () => {
  it("gives direction, evidence that exists, one to three candidates from the menu, each with a hypothesis that can fail, and the same again", () => {
    const random = createRandom(7);
    for (let round = 0; round < 300; round += 1) {
      const menu = moveIds.filter(() => random() < 0.3);
      if (menu.length === 0) continue;
      const context = plannerContext({
        menu, outlook: outlookOf(menu, Object.fromEntries(menu.map((move) => [move, { expectedGain: (random() - 0.5) * 0.3, feasible: random(), costMs: random() * 900_000 }]))),
        ...(round % 2 === 0 ? withShape((["falling", "overfitting", "flat", "unstable"] as const)[round % 4]!) : { parent: summary({ recipe: untrained, verdict: "baseline" }) }),
        conflicts: round % 3 === 0 ? 50 : 0, hints: [{ id: "s1", text: "train longer" }], budget: { remainingMs: 1e6 * random(), nodeMs: 1e5 * random(), nodesLeft: Math.floor(12 * random()) },
        parentFailures: [{ label: "wrong field: city", share: random() }], noiseFloor: round % 5 === 0 ? 0 : 0.02,
      });
      const proposal = houseProposal(context);
      expect(proposal.candidates).toHaveLength(Math.min(3, menu.length));
      for (const candidate of proposal.candidates) {
        expect(menu).toContain(candidate.move);
        expect(candidate.hypothesis.length).toBeLessThanOrEqual(300);
        expect(candidate.hypothesis).toContain(candidate.prediction!.figure);
        expect(candidate.prediction!.by).toBeGreaterThan(0);
      }
      expect(proposal.candidates.reduce((sum, candidate) => sum + candidate.probability, 0)).toBeCloseTo(1, 10);
      expect(axes).toContain(proposal.direction.axis);
      expect(proposal.direction.axis).toBe(moves[proposal.candidates[0]!.move].axis);
      expect(proposal.evidence.length).toBeGreaterThan(0);
      for (const id of proposal.evidence) expect(knownEvidence(context)).toContain(id);
      expect(houseProposal(context)).toEqual(proposal);
    }
  });

  it("tries the learning rate before any other number", () => {
    expect(first()).toBe("learning-rate");
    expect(first({ ...withShape("falling"), ...tuned })).toBe("train-longer");
  });

  it("rests on the diagnosis where it read one", () => {
    expect(propose({ ...withShape("falling"), ...tuned }).evidence).toEqual(expect.arrayContaining(["n2", "diagnosis:n2"]));
  });

  it("believes the host's conditions before the words of a diagnosis", () => {
    expect(first({ ...withShape("falling", { conditions: ["overfitting"] }), ...tuned })).toBe("train-shorter");
  });

  it("fights learning by heart with fewer epochs, dropout and fewer repetitions", () => {
    const chosen = propose({ ...withShape("overfitting"), ...tuned, duplicates: 100 }).candidates.map((candidate) => candidate.move);
    expect(new Set(chosen)).toEqual(new Set(["train-shorter", "dropout", "deduplicate"]));
    expect(first({ parent: summary({ trainLoss: 0.1, validationLoss: 0.5 }) })).toBe("train-shorter");
  });

  it("changes the learning rate when the loss was unstable", () => {
    expect(first({ ...withShape("unstable"), ...tuned })).toBe("learning-rate");
  });

  it("drops contradicting rows, the sooner the more there are", () => {
    expect(first({ conflicts: 200 })).toBe("drop-conflicts");
    expect(weightOf(propose({ conflicts: 200 }), "drop-conflicts")).toBeGreaterThan(weightOf(propose({ conflicts: 2 }), "drop-conflicts"));
  });

  it("leaves an axis that was within noise twice", () => {
    const fruitless = ["n5", "n6"].map((id) => summary({ id, move: "train-longer", axis: "duration", verdict: "within-noise" }));
    expect(moves[first({ ...withShape("falling"), ...tuned })!].axis).toBe("duration");
    expect(moves[first({ ...withShape("falling"), ...tuned, siblings: fruitless })!].axis).not.toBe("duration");
  });

  it("looks elsewhere when one axis holds most of the nodes", () => {
    expect(first({ ...withShape("falling"), ...tuned, axisCounts: { duration: 5, optimization: 1 }, siblings: [summary({ id: "n7", move: "train-longer", axis: "duration", verdict: "worse" })] })).not.toBe("train-longer");
  });

  it("says the form, or teaches it by practice, when the JSON is broken, and predicts that figure", () => {
    const menu: MoveId[] = ["format-rules", "train-longer", "rank", "dropout"];
    const proposal = propose({ parent: summary({ secondary: { jsonValid: 0.7, fieldAccuracy: 0.3 } }), menu, outlook: outlookOf(menu) });
    expect(proposal.candidates[0]).toMatchObject({ move: "format-rules", prediction: { figure: "jsonValid", change: "up" } });
    expect(proposal.candidates[1]?.move).toBe("train-longer");
  });

  it("trains with the prompt when the prompt is what wins", () => {
    expect(first({ menu: moveIds, outlook: outlookOf(moveIds), baselineScore: 0.61, bestScore: 0.61 })).toBe("train-prompted");
  });

  it("follows the outlook: what is expected to gain, fits and can be paid", () => {
    const menu: MoveId[] = ["dropout", "weight-decay", "schedule"];
    expect(first({ menu, outlook: outlookOf(menu, { "weight-decay": { expectedGain: 0.1 } }) })).toBe("weight-decay");
    expect(first({ menu, outlook: outlookOf(menu, { "weight-decay": { expectedGain: 0.1, feasible: 0.02 } }) })).not.toBe("weight-decay");
    expect(first({ menu, outlook: outlookOf(menu, { "weight-decay": { expectedGain: 0.1, costMs: 10_000_000 } }) })).not.toBe("weight-decay");
  });

  it("looks at what is uncertain early and at what is expected late", () => {
    const menu: MoveId[] = ["dropout", "weight-decay"];
    const outlook = outlookOf(menu, { "dropout": { expectedGain: 0.02, standardDeviation: 0.001 }, "weight-decay": { expectedGain: 0, standardDeviation: 0.2 } });
    expect(first({ menu, outlook, budget: { remainingMs: 9e5, nodeMs: 3e4, nodesLeft: 10 } })).toBe("weight-decay");
    expect(first({ menu, outlook, budget: { remainingMs: 9e5, nodeMs: 3e4, nodesLeft: 1 } })).toBe("dropout");
  });

  it("keeps away from larger sizes where memory ran out", () => {
    const menu: MoveId[] = ["rank", "reallocate-rank"];
    const memoryTable = [{ rank: 32, tokensPerStep: 2048, plannedBytes: 9e9, fits: false }];
    const before = propose({ menu, outlook: outlookOf(menu) });
    const after = propose({ menu, outlook: outlookOf(menu), memoryTable });
    expect(weightOf(after, "rank")).toBeLessThan(weightOf(before, "rank"));
  });

  it("cites a card that speaks for a move, and a hint that names one; a hint lifts the move and no more", () => {
    const cards = [{ id: "lr-first", kind: "built-in", claim: "…", scope: "…", confidence: "measured", disagreement: "", about: [{ move: "learning-rate", helps: true }] } as const];
    expect(propose({ cards }).evidence).toContain("lr-first");
    expect(propose({ cards: [{ ...cards[0]!, about: [{ move: "learning-rate", helps: false }] }] }).evidence).not.toContain("lr-first");
    const hinted = propose({ ...tuned, hints: [{ id: "s3", text: "Please try more dropout." }] });
    expect(weightOf(hinted, "dropout")).toBeGreaterThan(weightOf(propose(tuned), "dropout"));
    expect(hinted.evidence).toContain("hint:s3");
    expect(propose({ hints: [{ id: "s3", text: "Balance answers" }] }).candidates.map((candidate) => candidate.move)).not.toContain("balance-answers");
  });

  it("proposes nothing the user forbade while anything else is on the menu", () => {
    const { constraints } = plannerContext();
    expect(propose({ constraints: { ...constraints, forbiddenMoves: ["learning-rate"] } }).candidates.map((candidate) => candidate.move)).not.toContain("learning-rate");
    expect(first({ constraints: { ...constraints, deliver: "prompt" } })).toBe("instruction");
    expect(first({ menu: ["rank"], constraints: { ...constraints, forbiddenMoves: ["rank"] } })).toBe("rank");
  });

  it("works on an untrained parent and on a failed one", () => {
    const base = summary({ id: "n1", recipe: untrained, trainLoss: null, validationLoss: null, verdict: "baseline" });
    expect(propose({ parent: base, path: [base], menu: ["learning-rate", "few-shot"] }).candidates).toHaveLength(2);
    expect(first({ ...tuned, parent: summary({ status: "failed", score: null, trainLoss: Infinity, verdict: "implementation-wrong" }) })).toBe("learning-rate");
  });
});
