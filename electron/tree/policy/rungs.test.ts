import { describe, expect, it } from "vitest";
import { createRandom } from "../../stats/index.js";
import { decideRung, rungCorrelation, type PolicyNode, type RungDecision, type RungQuestion } from "./index.js";
import { base, first, node, state, withTraining } from "./test-state.js";

const rights = (right: number, n = 80): number[] => Array.from({ length: n }, (_, index) => (index < right ? 1 : 0));
/** Nodes whose pilots foretell their full scores with this correlation, at different dropouts. */
function piloted(count: number, correlation: number, seed = 1): PolicyNode[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const full = 0.55 + 0.1 * random();
    const pilot = correlation * (full - 0.6) + (1 - correlation) * 0.1 * (random() - 0.5) + 0.5;
    return node(`n${index + 2}`, "n1", full, { recipe: withTraining({ dropout: (0.2 * index) / count, learningRate: 1e-4 * 10 ** random() }), pilot: { score: pilot, standardError: 0.05 } });
  });
}
const question = (change: Partial<RungQuestion> = {}): RungQuestion => ({ recipe: withTraining({ learningRate: 5e-4, dropout: 0.15 }), parentId: "n1", axis: "optimization", pilot: null, seed: 1, ...change });

describe("rungCorrelation", () => {
  it("is Spearman's, with mean ranks for ties, and null below four nodes", () => {
    const nodes = (pairs: readonly (readonly [number, number])[]): PolicyNode[] => pairs.map(([pilot, full], index) => node(`n${index}`, "r", full, { pilot: { score: pilot, standardError: 0.05 } }));
    expect(rungCorrelation(nodes([[0.1, 0.2], [0.2, 0.3], [0.3, 0.9]]))).toBeNull();
    expect(rungCorrelation(nodes([[0.1, 0.2], [0.2, 0.3], [0.3, 0.9], [0.35, 0.95]]))).toEqual({ spearman: 1, n: 4 });
    expect(rungCorrelation(nodes([[0.4, 0.2], [0.3, 0.3], [0.2, 0.9], [0.1, 0.95]]))!.spearman).toBeCloseTo(-1, 12);
    // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: covariance 4.5, variances 4.5 and 5.
    expect(rungCorrelation(nodes([[0.1, 0.1], [0.2, 0.3], [0.2, 0.2], [0.3, 0.4]]))!.spearman).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(rungCorrelation([...nodes([[0.1, 0.2], [0.2, 0.3], [0.3, 0.9]]), node("p", "r", null, { status: "pruned", pilot: { score: 0.2, standardError: 0.05 } })])).toBeNull();
  });
});

describe("decideRung", () => {
  const run = state([base, first, ...piloted(8, 0.95)]);
  const after = (candidate: number[], of = run, incumbents = of.nodes.filter(({ pilot }) => pilot !== null).map(({ id }) => ({ nodeId: id, scores: rights(40) }))): RungDecision => decideRung(of, question({ pilot: { candidate, incumbents } }));

  it("never pilots what is not trained", () => {
    expect(decideRung(run, question({ recipe: { ...withTraining({}), training: null } }))).toMatchObject({ next: "full", gain: null });
  });
  it("stops a pilot that is far behind on the same items, and lets one go on that is level or ahead", () => {
    expect(after(rights(12))).toMatchObject({ next: "stop" });
    expect(after(rights(12)).gain!.score).toBeCloseTo(-28 / 80, 12);
    expect(after(rights(40)).next).toBe("full");
    expect(after(rights(60)).next).toBe("full");
  });
  it("is harder to stop the less pilots foretell", () => {
    /** Highest number of right answers at which a pilot is stopped. */
    const stopsAt = (of: typeof run): number => Array.from({ length: 41 }, (_, right) => right).findLast((right) => after(rights(right), of).next === "stop") ?? -1;
    const telling = stopsAt(run);
    const idle = stopsAt(state([base, first, ...piloted(8, -0.2)]));
    expect(telling).toBeGreaterThan(5);
    expect(idle).toBeLessThan(telling);
  });
  it("goes on where there is no pilot to compare with", () => {
    expect(after(rights(10), run, []).next).toBe("full");
    expect(after(rights(10), run, [{ nodeId: "n2", scores: rights(4, 8) }]).next).toBe("full");
  });
  it("skips a pilot that would seldom stop anything, and runs one that pays for itself", () => {
    // Evaluation is nearly free and pilots foretell well: a third of the price for most of the news.
    const dear = state([{ ...base, costMs: 100 }, { ...first, costMs: 600_000 }, ...piloted(10, 0.99).map((each) => ({ ...each, costMs: 780_000, standardError: 0.005, pilot: { score: each.pilot!.score, standardError: 0.008 } }))], { noise: 0.005, budget: { remainingMs: 1e7, nodeMs: 780_000, nodesLeft: 12 } });
    const doubtful = question({ recipe: withTraining({ learningRate: 6e-3, epochs: 6 }) });
    expect(decideRung(dear, doubtful).next).toBe("pilot");
    expect(decideRung(state([base, first], { budget: { remainingMs: 6e5, nodeMs: 60_000, nodesLeft: 10 } }), question()).next).toBe("full");
    const useless = state([base, first, ...piloted(10, -0.3)]);
    expect(decideRung(useless, question()).next).toBe("full");
    expect(decideRung(useless, question()).reason).toContain("correlation");
  });
  it("runs the first few to learn what pilots are worth, where there is room", () => {
    const costs = (nodes: readonly PolicyNode[]): PolicyNode[] => nodes.map((each) => ({ ...each, costMs: each.recipe.training === null ? 3000 : each.costMs }));
    const roomy = (pilots: number): RungDecision => decideRung(state(costs([base, first, ...piloted(pilots, 0.5)])), question({ recipe: withTraining({ learningRate: 1.5e-3, epochs: 4, targets: "mlp" }) }));
    expect(roomy(0)).toMatchObject({ next: "pilot", reason: expect.stringContaining("to learn") as string });
    expect(roomy(3).next).toBe("pilot");
    expect(roomy(8).reason).not.toContain("to learn");
  });
});
