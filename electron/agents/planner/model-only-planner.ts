import type { LlamaHost, Planner, PlannerContext, Result } from "../../contract/index.js";
import { fail } from "../../contract/index.js";
import { fillPrompt, type PlannerPrompts, type PromptFile } from "../prompts/prompt-file.js";
import { plainLine } from "../untrusted/plain-line.js";
import { choiceFields, choiceSchema, describeSchema, exampleChoice } from "./choice-schema.js";
import { knownEvidence } from "../proposal/evidence.js";
import { defaultLimits, promptCharactersFor, turnTimeFor, type PlannerLimits } from "./limits.js";
import { mendByModel } from "./mend-by-model.js";
import { nothingSpent, takeTurn, type PlannerTurn, type Spent } from "./model-turn.js";
import { readChoice, type Choice } from "./read-choice.js";
import { renderMenu, renderSituation, renderTaskCard } from "./render-context.js";
import { worthOfThinking } from "./worth-of-thinking.js";

export interface LanguageModelOptions {
  readonly llama: Pick<LlamaHost, "complete" | "release">;
  /** The agent model's GGUF file. */
  readonly modelPath: string;
  /** Decides when the model does not, and writes every diagnosis. */
  readonly house: Planner;
  readonly prompts: PlannerPrompts;
  readonly limits?: Partial<PlannerLimits>;
  readonly onTurn?: (turn: PlannerTurn) => void;
  readonly onToken?: (text: string, prompt: string) => void;
  /** Share of its decisions in which it may set a number. */
  readonly overrideShare?: number;
}

/** The optimiser owns the numbers; more overrides than this make the search worse (Centaur, arXiv 2603.24647). */
const defaultOverrideShare = 0.3;
const notesCharacters = 1_500;
const temperatures = { reason: 0.7, choose: 0.2, repair: 0.6 } as const;

/**
 * A local model decides: it thinks in free text, then fills in a small flat object under a grammar (constraining the first
 * words would cost accuracy: arXiv 2605.26128, 2601.07525). The answer is checked against menu, bounds and evidence; one
 * repair changes seed, temperature and wording; then the house planner decides and the reason is kept.
 */
export function createModelOnlyPlanner(options: LanguageModelOptions): Planner {
  const limits = { ...defaultLimits, ...options.limits };
  const { prompts, house } = options;

  async function decide(context: PlannerContext, seed: number, mayOverride: boolean, spent: Spent, signal: AbortSignal): Promise<Result<Choice>> {
    const timeLimitMs = turnTimeFor(limits, context.budget.remainingMs);
    const card = renderTaskCard(context);
    const menu = renderMenu(context);
    const reasonValues = { card, menu, parent: context.parent.id, situation: "" };
    const room = promptCharactersFor(limits, limits.reasonTokens) - lengthOf(prompts.reason, reasonValues);
    const situation = room > 0 ? renderSituation(context, room) : null;
    if (situation === null) return tooLong(limits);
    const reasoned = await takeTurn(options, prompts.reason, { ...reasonValues, situation }, { maxTokens: limits.reasonTokens, timeLimitMs, temperature: temperatures.reason, seed }, spent, signal);
    if (!reasoned.ok) return reasoned;

    const schema = choiceSchema(choiceFields(context));
    const notes = plainLine(reasoned.value, notesCharacters) || "none";
    let problem = "";
    for (const [attempt, prompt] of [prompts.choose, prompts.repair].entries()) {
      const values = { card, menu: context.menu.join(", "), notes, schema: describeSchema(schema), example: exampleChoice(schema), problem };
      if (lengthOf(prompt, values) > promptCharactersFor(limits, limits.chooseTokens)) return tooLong(limits);
      const answer = await takeTurn(options, prompt, values, { maxTokens: limits.chooseTokens, timeLimitMs, temperature: attempt === 0 ? temperatures.choose : temperatures.repair, seed: seed + 1 + attempt, jsonSchema: schema }, spent, signal);
      if (!answer.ok) return answer;
      const choice = readChoice(answer.value, reasoned.value, context, mayOverride);
      if (choice.ok) return choice;
      problem = choice.error.message;
    }
    return fail("CONFIG", "planner.bad_answer", `The language model's answer could not be used, twice: ${problem}.`);
  }

  return {
    name: "language-model",
    async propose(context, random, signal) {
      // Drawn first and always: what the model says never shifts the run's random numbers.
      const mayOverride = random() < (options.overrideShare ?? defaultOverrideShare);
      const seed = Math.floor(random() * 2 ** 31);
      const spent = nothingSpent();
      const decision = await decide(context, seed, mayOverride, spent, signal);
      const { prompts: used, promptCharacters, seconds, tokens } = spent;
      if (decision.ok) {
        const known = knownEvidence(context);
        return { ...decision.value, evidence: decision.value.evidence.filter((id) => known.has(id)), prompts: used, promptCharacters, decidedBy: "language-model", fallbackReason: null, spent: { seconds, tokens } };
      }
      const instead = await house.propose(context, random, signal);
      return { ...instead, prompts: used, promptCharacters, fallbackReason: decision.error.message, spent: { seconds: seconds + instead.spent.seconds, tokens: tokens + instead.spent.tokens } };
    },
    // A diagnosis is arithmetic; a model would only put it less exactly, and cost time.
    diagnose: (context, signal) => house.diagnose(context, signal),
    worth: worthOfThinking,
    mend: (context, random, signal) => mendByModel({ options, limits, house, prompt: prompts.mend }, context, random, signal),
    dispose: () => options.llama.release(),
  };
}

const lengthOf = (prompt: PromptFile, values: Readonly<Record<string, string>>): number => fillPrompt(prompt.system, values).length + fillPrompt(prompt.user, values).length;

const tooLong = (limits: PlannerLimits): Result<never> => fail("CONFIG", "planner.context_too_small", `The agent model's context of ${limits.contextTokens} tokens is too small for the task and its menu.`, "Choose an agent model with a context of at least 8192 tokens.");
