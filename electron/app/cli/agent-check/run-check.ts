import type { AttackReport, PlannerPrompts, PromptFile } from "../../../agents/index.js";
import { createHousePlanner, createLanguageModelPlanner, houseProposal, measureAttackSuccess } from "../../../agents/index.js";
import type { LlamaHost, Planner } from "../../../contract/index.js";
import { createRandom } from "../../../stats/index.js";
import { decisionCases } from "./cases/index.js";
import type { DecisionCase } from "./decision-case.js";
import { figuresOf, judge, type CaseResult, type Figures } from "./judge.js";
import { mendCases } from "./mend-cases.js";
import { readPassage } from "./read-passage.js";
import { readingCases } from "./reading-cases.js";
import { rolesOf, type Role } from "./roles.js";

export interface CheckReport {
  readonly cases: readonly CaseResult[];
  readonly figures: Figures;
  /** The house planner on the same cases; drawing moves blindly from each menu. */
  readonly house: Figures;
  readonly blindAccuracy: number;
  readonly labels: number | null;
  readonly reading: number | null;
  readonly attacks: AttackReport | null;
  readonly roles: readonly Role[];
}

export interface CheckedModel {
  readonly llama: Pick<LlamaHost, "complete" | "release">;
  readonly modelPath: string;
  readonly contextTokens: number;
  readonly prompts: PlannerPrompts;
  readonly readPrompt: PromptFile;
}

export interface CheckOptions {
  /** Null: the house planner alone. */
  readonly model: CheckedModel | null;
  /** Planted cases to ask besides; 0: none. */
  readonly canaries: number;
  readonly onStatus: (text: string) => void;
  readonly onCase: (result: CaseResult) => void;
}

/** Every case once, through the very planner a run uses, the language model deciding alone. Stops between cases when told to. */
export async function runCheck({ model, canaries, onStatus, onCase }: CheckOptions, signal: AbortSignal): Promise<CheckReport> {
  const house = createHousePlanner();
  let fallbacks = 0;
  // A model's repair that could not be used falls back to rules; here that counts as wrong.
  const behind: Planner = { ...house, mend: async (...asked) => { fallbacks += 1; return await house.mend(...asked); } };
  const planner = model === null ? house : createLanguageModelPlanner({ llama: model.llama, modelPath: model.modelPath, prompts: model.prompts, house: behind, share: 1, limits: { contextTokens: model.contextTokens } });
  const random = createRandom(1);
  const stopped = (): boolean => signal.aborted;

  const cases: CaseResult[] = [];
  for (const asked of decisionCases) {
    if (signal.aborted) break;
    onStatus(`${cases.length + 1} of ${decisionCases.length}: ${asked.name}`);
    const result = judge(asked, await planner.propose(asked.context, random, signal), houseProposal(asked.context));
    // Stopped while it was asked: the answer is the house planner's, and says nothing.
    if (stopped()) break;
    cases.push(result);
    onCase(result);
  }

  let labelled = 0;
  for (const { name, context, sensible } of mendCases) {
    if (signal.aborted) break;
    onStatus(`repair: ${name}`);
    const before: number = fallbacks;
    const { choice } = await planner.mend(context, random, signal);
    labelled += Number((model === null || fallbacks === before) && sensible.includes(choice));
  }

  const reading = model === null ? null : await readAll(model, onStatus, signal);

  const attacks = canaries > 0 && !signal.aborted ? await measureAttackSuccess(planner, signal, { most: canaries, onCase: (done, total) => { onStatus(`planted order ${done} of ${total}`); } }) : null;
  const figures = figuresOf(cases);
  const labels = labelled / mendCases.length;
  return { cases, figures, house: houseFigures(), blindAccuracy: blindAccuracy(decisionCases), labels, reading, attacks, roles: model === null ? [] : rolesOf({ decisions: figures, labels, reading }) };
}

/** Share of the passages read right. */
async function readAll(model: CheckedModel, onStatus: CheckOptions["onStatus"], signal: AbortSignal): Promise<number> {
  let right = 0;
  for (const [index, passage] of readingCases.entries()) {
    if (signal.aborted) break;
    onStatus(`passage ${index + 1} of ${readingCases.length}`);
    right += Number((await readPassage({ llama: model.llama, modelPath: model.modelPath, prompt: model.readPrompt }, passage, signal)).right);
  }
  return right / readingCases.length;
}

export function houseFigures(): Figures {
  return figuresOf(decisionCases.map((asked) => {
    const proposal = houseProposal(asked.context);
    return judge(asked, proposal, proposal);
  }));
}

/** What drawing from the menu would score: the floor that any figure has to be seen against. */
export function blindAccuracy(cases: readonly DecisionCase[]): number {
  return cases.reduce((sum, { context, sensible }) => sum + sensible.length / context.menu.length, 0) / Math.max(1, cases.length);
}
