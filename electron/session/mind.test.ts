import { describe, expect, it } from "vitest";
import type { Card, Planner } from "../contract/index.js";
import { World } from "../../test/fixtures/session/world.js";
import { createSession } from "./index.js";

const never = new AbortController().signal;

const card: Card = {
  id: "rate-card", kind: "built-in", title: "A rate", claim: "A learning rate of 0.002 suits this model.", scope: "The test world.", numbers: [], confidence: "measured", tags: [],
  effects: [{ kind: "number", field: "learningRate", when: "always", centre: 2e-3, spread: 0.1 }, { kind: "move", move: "drop-conflicts", when: "has-conflicts", gain: 0.05, spread: 0.05 }, { kind: "move", move: "dropout", when: "large-model", gain: 0.2, spread: 0.05 }],
  sources: [{ title: "Test", reference: "test", locator: "", year: 2026 }], disagreements: [], provenance: null,
};

describe("every decision can be read afterwards", () => {
  it("says what was known, considered, drawn and why, for every node the search proposed", async () => {
    const world = new World({ cards: [card] });
    const view = await createSession(world.dependencies()).run(never);
    const proposed = view.nodes.filter((node) => node.plan.move !== null);
    expect(proposed.length).toBeGreaterThan(4);
    for (const { decision, plan, parent, axis } of proposed) {
      expect(decision).not.toBeNull();
      expect(decision!.selection.considered.some((each) => each.nodeId === parent)).toBe(true);
      expect(decision!.selection.reason.length).toBeGreaterThan(10);
      expect(decision!.known.cards).toEqual(["rate-card"]);
      expect(decision!.host.length).toBeGreaterThan(0);
      expect(decision!.direction!.axis).toBeTruthy();
      expect(decision!.candidates.length).toBeGreaterThan(0);
      expect(decision!.candidates.reduce((sum, candidate) => sum + candidate.host, 0)).toBeCloseTo(1, 6);
      expect(plan.evidence.length).toBeGreaterThan(0);
      expect(axis).not.toBe("baseline");
    }
    expect(view.cards).toEqual(["rate-card"]);
  });

  it("fixes the cards once: what the library holds at a resume changes nothing", async () => {
    const world = new World({ cards: [card] });
    await expect(createSession(world.dependencies(50)).run(never)).rejects.toThrow("killed");
    const other = { ...world.dependencies(), knowledge: { ...world.dependencies().knowledge, cardsFor: async () => ({ ok: true as const, value: [{ ...card, id: "another-card" }] }) } };
    const view = await createSession(other).run(never);
    expect(view.cards).toEqual(["rate-card"]);
    expect(world.records.filter((record) => record.event.type === "knowledge-fixed").length).toBe(1);
  });

  it("plans without cards, and says so, when they cannot be read", async () => {
    const world = new World();
    const dependencies = world.dependencies();
    const view = await createSession({ ...dependencies, knowledge: { ...dependencies.knowledge, cardsFor: async () => ({ ok: false as const, error: { class: "ENV" as const, code: "library.gone", message: "The library is gone.", hint: "" } }) } }).run(never);
    expect(view.status).toBe("done");
    expect(view.warnings.join(" ")).toContain("The library is gone.");
  });

  it("keeps what a run taught only where the user asked for it", async () => {
    const kept = new World({ cards: [card], task: { keepInsights: true } });
    await createSession(kept.dependencies()).run(never);
    expect(kept.keptCards.map((each) => each.id)).toEqual(["rate-card"]);
    const not = new World({ cards: [card] });
    await createSession(not.dependencies()).run(never);
    expect(not.keptCards).toEqual([]);
  });
});

describe("the Executor asks the Researcher once", () => {
  const failsFor = (nodeId: string) => ({ outDirectory, training }: { outDirectory: string; training: { tokensPerStep: number } }) =>
    outDirectory.includes(`${nodeId}/`) && training.tokensPerStep > 600 ? { class: "CONFIG" as const, code: "test", message: "The step is too large.", hint: "" } : null;

  it("and goes on with what it chose", async () => {
    const world = new World({ beforeTraining: failsFor("n005"), mend: () => "halve-batch", task: { defaults: { tokensPerStep: 1024, maxSequenceTokens: 64 } } });
    const view = await createSession(world.dependencies()).run(never);
    expect(world.mendings.map((each) => [each.node.id, each.failure.code])).toEqual([["n005", "test"]]);
    expect(view.nodes.find((node) => node.id === "n005")).toMatchObject({ status: "done", recipe: { training: { tokensPerStep: 512 } } });
  });

  it("but not twice for one node, and not for a failure no recipe can mend", async () => {
    const world = new World({ beforeTraining: failsFor("n005"), mend: () => "lower-rate" });
    const view = await createSession(world.dependencies()).run(never);
    expect(world.mendings.filter((each) => each.node.id === "n005").length).toBe(1);
    expect(view.nodes.find((node) => node.id === "n005")).toMatchObject({ status: "failed", verdict: "implementation-wrong" });
    const env = new World({ beforeTraining: (_request, count) => (count === 1 ? { class: "ENV", code: "machine", message: "The machine coughed.", hint: "" } : null), mend: () => "halve-batch" });
    await createSession(env.dependencies()).run(never);
    expect(env.mendings).toEqual([]);
  });
});

describe("thinking has to earn its cost", () => {
  it("lets the house planner go on alone once the language model does not, and says why", async () => {
    const world = new World({ retireAfter: 2 });
    const base = world.dependencies();
    const model: Planner = { ...base.planner, name: "language-model", propose: async (context, random, signal) => ({ ...(await base.planner.propose(context, random, signal)), decidedBy: "language-model" }) };
    const view = await createSession({ ...base, planner: model }).run(never);
    // Who was asked, also where the host drew its own choice among the candidates.
    const asked = view.nodes.flatMap((node) => (node.decision === null ? [] : [node.decision.planner.name]));
    expect(asked.slice(0, 2)).toEqual(["language-model", "language-model"]);
    expect(asked.length).toBeGreaterThan(4);
    expect(new Set(asked.slice(2))).toEqual(new Set(["house-planner"]));
    expect(view.plannerRetired).toContain("costs more");
  });
});
