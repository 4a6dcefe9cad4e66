import { describe, expect, it } from "vitest";
import { failureClasses, mendChoices, type MendContext } from "../../contract/index.js";
import { plannerContext, summary } from "../../../test/fixtures/agents/planner-context.js";
import { mendByRule } from "./mend-by-rule.js";

const context = (more: Partial<MendContext>): MendContext => ({ node: summary(), failure: { class: "OOM", code: "x", message: "", hint: "" }, tried: [], choices: mendChoices, budget: plannerContext().budget, ...more });

describe("mendByRule", () => {
  it("chooses what is on offer, for every class and every offer", () => {
    for (const failureClass of failureClasses) {
      for (let mask = 0; mask < 2 ** (mendChoices.length - 1); mask += 1) {
        const choices = mendChoices.filter((choice, index) => choice === "give-up" || (mask & (2 ** index)) !== 0);
        const mended = mendByRule(context({ failure: { class: failureClass, code: "x", message: "", hint: "" }, choices }));
        expect(choices).toContain(mended.choice);
        expect(mended.why.length).toBeGreaterThan(10);
      }
    }
  });

  it("changes no recipe because of a broken machine, a stop or a bug it does not know", () => {
    for (const failureClass of ["ENV", "CANCELLED"] as const) expect(mendByRule(context({ failure: { class: failureClass, code: "x", message: "", hint: "" } })).choice).toBe("give-up");
  });

  it("gives up when another try cannot be paid", () => {
    expect(mendByRule(context({ budget: { remainingMs: 1_000, nodeMs: 30_000, nodesLeft: 0 } })).choice).toBe("give-up");
  });
});
