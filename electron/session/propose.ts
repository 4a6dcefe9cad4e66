import { moves, type Decision, type PlannerContext, type Proposal, type RunView } from "../contract/index.js";
import { createRandom, deriveSeed } from "../stats/index.js";
import { decideStep, prepareStep, type Preparation, type StepDecision } from "../tree/index.js";
import { countAxes, plannerContext } from "./context.js";
import { cardsShown } from "./knowledge.js";
import { stateOf, type SearchFacts } from "./policy-state.js";
import { leased, nodeOf, requirementOf, stopIfAsked, type Work } from "./work.js";
import { plannerNow } from "./worth.js";

export function nextNodeId(view: RunView): string {
  return `n${String(view.nodes.length + 1).padStart(3, "0")}`;
}

/**
 * Selects where to grow, asks the planner, lets the host draw and fill in the numbers, and journals the node with the whole
 * decision. Null: nothing is left to try.
 */
export async function proposeNode(work: Work, facts: SearchFacts, budget: PlannerContext["budget"]): Promise<string | null> {
  const { ledger, meter } = work;
  const planner = await plannerNow(work, budget);
  const view = ledger.view();
  const random = createRandom(deriveSeed(requirementOf(view).seed, "node", view.nodes.length));
  const state = stateOf(work, { facts, budget });
  const preparation = prepareStep(state, random);
  if (preparation === null) return null;

  const context = contextOf(work, view, facts, preparation, budget);
  const proposal = await leased(work, "agent", () => meter.run("agent", () => planner.propose(context, random, work.signal)));
  stopIfAsked(work);
  meter.addTokens(proposal.spent.tokens);

  const chosen = decideStep(state, preparation, proposal, random);
  if (chosen === null) return null;
  const nodeId = nextNodeId(view);
  const { parent } = preparation;
  await ledger.append({
    type: "node-created", nodeId, parent: parent.id, kind: parent.recipe.training === null ? "draft" : "improve", axis: chosen.axis,
    decidedBy: chosen.byPlanner ? proposal.decidedBy : "host", recipe: chosen.recipe, backtracked: preparation.backtracked, agentCost: meter.take(), answers: null,
    plan: {
      title: moves[chosen.move].title,
      hypothesis: chosen.hypothesis,
      evidence: [...proposal.evidence], move: chosen.move, candidates: [...proposal.candidates],
      fallbackReason: proposal.fallbackReason, numbers: chosen.numbers,
    },
    decision: decisionOf(context, preparation, proposal, chosen),
  });
  return nodeId;
}

function contextOf(work: Work, view: RunView, facts: SearchFacts, preparation: Preparation, budget: PlannerContext["budget"]): PlannerContext {
  const parent = nodeOf(view, preparation.parent.id);
  const axisCounts = Object.fromEntries(Object.entries(countAxes(view.nodes)));
  return plannerContext(view, { parent, outlook: preparation.outlook, cards: cardsShown(work, view, parent, preparation.menu, facts.conditions, axisCounts), budget });
}

/** What was known, what was considered with which probability, what the host did and why. */
function decisionOf(context: PlannerContext, preparation: Preparation, proposal: Proposal, chosen: StepDecision): Decision {
  const nodes = [...context.path, ...context.siblings, ...context.keyNodes].map((node) => node.id);
  return {
    selection: preparation.selection,
    known: {
      cards: context.cards.map((card) => card.id), nodes: [...new Set(nodes)], hints: context.hints.map((hint) => hint.id), insights: [...context.insights], promptCharacters: proposal.promptCharacters,
    },
    direction: proposal.direction,
    candidates: [...chosen.candidates],
    host: [...chosen.host],
    overridden: chosen.overridden,
    planner: { name: proposal.decidedBy, prompts: [...proposal.prompts], seconds: proposal.spent.seconds, tokens: proposal.spent.tokens },
  };
}
