import type { Planner } from "../../contract/index.js";
import { conditionsOf } from "../diagnosis/conditions.js";
import { diagnoseFromNumbers } from "../diagnosis/diagnose.js";
import { predictionHeld } from "../diagnosis/prediction-held.js";
import { houseProposal } from "./house-proposal.js";
import { mendByRule } from "./mend-by-rule.js";

const nothing = { seconds: 0, tokens: 0 };

/** Plans by rule. Deterministic; chance enters only where the host samples a candidate. */
export function createHousePlanner(): Planner {
  return {
    name: "house-planner",
    propose: async (context) => houseProposal(context),
    diagnose: async (context) => ({ insight: diagnoseFromNumbers(context), conditions: conditionsOf(context), held: context.prediction === undefined ? null : predictionHeld(context.prediction, context.node, context.parent), spent: nothing }),
    worth: () => ({ retire: false, reason: "Rules cost nothing." }),
    mend: async (context) => ({ ...mendByRule(context), spent: nothing }),
    dispose: async () => undefined,
  };
}
