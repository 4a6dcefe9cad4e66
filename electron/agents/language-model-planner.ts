import type { LlamaHost, Planner, PlannerContext, Proposal, Result } from "../contract/index.js";
import { choiceSchema, choosableFields, exampleChoice, readChoice, type Choice } from "./choice.js";
import { fillPrompt, promptTag, type PlannerPrompts, type PromptFile } from "./prompt-file.js";
import { renderContext } from "./render-context.js";
import { plainLine, withoutThinking } from "./untrusted-text.js";

export interface LanguageModelPlannerOptions {
  readonly llama: LlamaHost;
  /** The agent model's GGUF file. */
  readonly modelPath: string;
  /** Decides when the model does not, and writes every diagnosis. */
  readonly house: Planner;
  readonly prompts: PlannerPrompts;
  readonly limits?: Partial<PlannerLimits>;
  /** Every turn as it was, for the run's log. */
  readonly onTurn?: (turn: PlannerTurn) => void;
}

export interface PlannerLimits {
  readonly reasonTokens: number;
  readonly chooseTokens: number;
  /** For one turn; also never more than a twentieth of the run's remaining time. */
  readonly turnTimeMs: number;
}

export interface PlannerTurn {
  readonly prompt: string;
  readonly system: string;
  readonly user: string;
  readonly answer: string;
  readonly tokens: number;
  readonly seconds: number;
}

const defaultLimits: PlannerLimits = { reasonTokens: 400, chooseTokens: 320, turnTimeMs: 60_000 };
const budgetShare = 1 / 20;
const shortestTurnMs = 2_000;
const notesCharacters = 2_000;
/** The optimiser owns the numbers; more overrides than this make the search worse (Centaur, arXiv 2603.24647). */
const overrideShare = 0.3;
const reasonTemperature = 0.7;
const chooseTemperature = 0.2;
const repairTemperature = 0.6;

/**
 * A local model decides: it thinks in free text, then fills in a small JSON object under a grammar (constraining the
 * first words would cost accuracy: arXiv 2605.26128, 2601.07525). The answer is checked against the menu and the
 * bounds; one repair changes seed, temperature and prompt; then the house planner decides and the reason is kept.
 */
export function createLanguageModelPlanner(options: LanguageModelPlannerOptions): Planner {
  const limits = { ...defaultLimits, ...options.limits };

  async function ask(prompt: PromptFile, values: Readonly<Record<string, string>>, turn: Turn, signal: AbortSignal, spent: Spent): Promise<Result<string>> {
    const system = fillPrompt(prompt.system, values);
    const user = fillPrompt(prompt.user, values);
    const answered = await options.llama.complete({
      modelPath: options.modelPath, system, user, maxTokens: turn.maxTokens, timeLimitMs: turn.timeLimitMs, temperature: turn.temperature, seed: turn.seed,
      ...(turn.jsonSchema === undefined ? {} : { jsonSchema: turn.jsonSchema }),
    }, signal);
    if (!answered.ok) return answered;
    spent.tokens += answered.value.tokens;
    spent.seconds += answered.value.seconds;
    options.onTurn?.({ prompt: promptTag(prompt), system, user, answer: answered.value.text, tokens: answered.value.tokens, seconds: answered.value.seconds });
    return { ok: true, value: withoutThinking(answered.value.text) };
  }

  async function decide(context: PlannerContext, random: () => number, signal: AbortSignal, spent: Spent): Promise<{ choice: Choice } | { reason: string }> {
    // Drawn first and always: what the model says never shifts the run's random numbers.
    const mayOverride = random() < overrideShare;
    const seed = Math.floor(random() * 2 ** 31);
    const timeLimitMs = Math.max(shortestTurnMs, Math.min(limits.turnTimeMs, context.budget.remainingMs * budgetShare));
    const rendered = renderContext(context);
    const shared = { ...rendered, parent: context.parent.id };

    const notes = await ask(options.prompts.reason, shared, { maxTokens: limits.reasonTokens, timeLimitMs, temperature: reasonTemperature, seed }, signal, spent);
    if (!notes.ok) return { reason: notes.error.message };

    const jsonSchema = choiceSchema(context.menu);
    let problem = "";
    for (const repair of [false, true]) {
      const values = {
        ...shared, notes: plainLine(notes.value, notesCharacters) || "none", schema: JSON.stringify(jsonSchema), fields: choosableFields(context.menu).join(", ") || "none", example: exampleChoice(context.menu),
        correction: repair ? `Your last answer could not be used: ${problem}. Answer again, shorter.` : "",
      };
      const answer = await ask(options.prompts.choose, values, { maxTokens: limits.chooseTokens, timeLimitMs, temperature: repair ? repairTemperature : chooseTemperature, seed: seed + (repair ? 2 : 1), jsonSchema }, signal, spent);
      if (!answer.ok) return { reason: answer.error.message };
      const choice = readChoice(answer.value, context, mayOverride);
      if (choice.ok) return { choice: choice.value };
      problem = choice.error.message;
    }
    return { reason: `The language model's answer could not be used, twice: ${problem}.` };
  }

  return {
    name: "language-model",
    async propose(context, random, signal): Promise<Proposal> {
      const spent: Spent = { seconds: 0, tokens: 0 };
      const tags = [promptTag(options.prompts.reason), promptTag(options.prompts.choose)];
      const decision = await decide(context, random, signal, spent);
      if ("choice" in decision) {
        const { candidates, numbers, citedNodes } = decision.choice;
        return { candidates, numbers, evidence: [...citedNodes, ...tags], decidedBy: "language-model", fallbackReason: null, spent };
      }
      const house = await options.house.propose(context, random, signal);
      return { ...house, fallbackReason: decision.reason, spent: { seconds: spent.seconds + house.spent.seconds, tokens: spent.tokens + house.spent.tokens } };
    },
    // A diagnosis is arithmetic; a model would only put it less exactly, and cost time.
    diagnose: (context, signal) => options.house.diagnose(context, signal),
    dispose: () => options.llama.release(),
  };
}

interface Turn { readonly maxTokens: number; readonly timeLimitMs: number; readonly temperature: number; readonly seed: number; readonly jsonSchema?: Readonly<Record<string, unknown>> }
interface Spent { seconds: number; tokens: number }
