export interface PlannerLimits {
  readonly reasonTokens: number;
  readonly chooseTokens: number;
  readonly mendTokens: number;
  /** For one turn; also never more than a twentieth of the run's remaining time. */
  readonly turnTimeMs: number;
  /** The agent model's context; prompts are cut to it. */
  readonly contextTokens: number;
}

export const defaultLimits: PlannerLimits = { reasonTokens: 400, chooseTokens: 240, mendTokens: 24, turnTimeMs: 60_000, contextTokens: 8192 };

const budgetShare = 1 / 20;
const shortestTurnMs = 2_000;
/** Longest prompt in characters, system and user together, however large the context: about 6,000 tokens (field/trex.md 12). */
export const mostPromptCharacters = 15_000;
/** Figures and ids take a token for about so many characters with common vocabularies; prose takes more. */
const charactersPerToken = 2.2;
const templateTokens = 256;

export const promptCharactersFor = (limits: PlannerLimits, answerTokens: number): number =>
  Math.min(mostPromptCharacters, Math.floor(Math.max(0, limits.contextTokens - answerTokens - templateTokens) * charactersPerToken));

export const turnTimeFor = (limits: PlannerLimits, remainingMs: number): number => Math.max(shortestTurnMs, Math.min(limits.turnTimeMs, remainingMs * budgetShare));
