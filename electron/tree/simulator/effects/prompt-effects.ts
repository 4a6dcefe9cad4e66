import type { Prompt } from "../../../contract/index.js";
import { createRandom, deriveSeed, randomNormal } from "../../../stats/index.js";
import { promptTokens } from "../../recipes/prompt-tokens.js";
import type { RecipeFacts } from "../../recipes/facts.js";
import type { Constants } from "../scenario/family-fields.js";

export type PromptEffect = (prompt: Prompt) => { readonly logOdds: number; readonly tokens: number };

/** What a prompt is worth to the untrained model. The system prompt is read for what the moves can put there: the goal, another wording, the format's rules. */
export function createPromptEffect(facts: RecipeFacts, constants: Constants, seed: number): PromptEffect {
  const random = createRandom(deriveSeed(seed, "wordings"));
  const wordings = facts.instructions.map((text) => ({ text, gain: constants.instructionGain + constants.wordingSpread * randomNormal(random) }));
  return (prompt) => {
    const { system, fewShot, shotSelection } = prompt;
    const wording = system === null ? undefined : wordings.find(({ text }) => system.includes(text));
    const instruction = system === null ? 0 : (wording?.gain ?? (system.includes(facts.goal) ? constants.instructionGain : 0));
    const format = facts.formatRules !== null && system?.includes(facts.formatRules) === true ? constants.formatRulesGain : 0;
    const saturation = 1 - Math.exp(-fewShot / 2);
    const chosen = shotSelection === "similar" ? constants.similarGain : shotSelection === "coverage" ? constants.coverageGain : 0;
    const shots = saturation * (constants.shotsGain + chosen);
    const said = instruction + format;
    // Examples show most of what a description says.
    const shared = 0.5 * Math.max(0, Math.min(said, shots));
    const tokens = promptTokens(prompt, facts);
    const overflow = tokens + facts.longestTokens > facts.contextLength ? 1 : 0;
    return { logOdds: said + shots - shared - overflow, tokens };
  };
}
