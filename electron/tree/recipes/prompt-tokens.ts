import type { Prompt } from "../../contract/index.js";
import type { RecipeFacts } from "./facts.js";

/** Ordinary text has three to five characters a token; three keeps a limit in the user's favour. */
const charactersPerToken = 3;

/** About how many tokens a prompt puts before every question. */
export function promptTokens(prompt: Prompt, facts: Pick<RecipeFacts, "shotTokens">): number {
  return Math.ceil((prompt.system?.length ?? 0) / charactersPerToken) + prompt.fewShot * facts.shotTokens;
}
