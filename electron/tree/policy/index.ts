/**
 * The search policy. Pure: the same state and the same random stream give the same answer.
 *
 * - `prepareStep(state, random)`: where to grow, what could be done there, and what each move is expected to bring. Null when nothing is left to try.
 * - `decideStep(state, preparation, proposal, random)`: the planner's candidates weighed by that outlook, one drawn, its numbers filled in. Null when nothing new came of it.
 * - `decideRung(state, question)`: before a training: a pilot first, or straight to the full one; after a pilot: on, or stop.
 * - `rungCorrelation(nodes)`: how well pilots foretell full scores so far; null below four nodes with both.
 * - `shouldStop(state, options)`: is another node worth it?
 * - `chooseFinalists(state, most)`: the nodes for dev-select, best first, by posterior means; `chooseWinner(candidates)` after dev-select.
 * - `finalistsByScore(state, most)`: what a search without a model ends with; rivals use it.
 * - `proposeByOutlook(preparation)`: a proposal by the outlook alone, for runs without a planner (simulator, benchmarks).
 */
export { prepareStep } from "./prepare-step.js";
export { decideStep } from "./decide-step.js";
export { decideRung } from "./decide-rung.js";
export { rungCorrelation } from "./rung-correlation.js";
export { shouldStop } from "./stop.js";
export type { StopOptions } from "./stop.js";
export { chooseFinalists, chooseWinner, finalistsByScore } from "./finalists.js";
export type { FinalistCandidate } from "./finalists.js";
export { proposeByOutlook } from "./propose-by-outlook.js";
export type { PolicyNode, PolicyState, Preparation, Prior, RungCorrelation, RungDecision, RungQuestion, StepDecision, StopDecision } from "./state.js";
