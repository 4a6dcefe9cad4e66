import type { Example, Message, Prompt } from "../../contract/index.js";
import { promptOf } from "../identity.js";
import { withoutSystem, type Shots } from "./shots.js";

/**
 * The messages before the answer: the one place that puts the system text and worked examples, used for training and for
 * evaluation alike, so that what is trained is what is evaluated. A recipe's system text replaces the row's own. A row
 * never sees itself as a worked example.
 * @param count how many worked examples; fewer than the prompt's where all of them would not fit
 */
export function composePrompt(example: Pick<Example, "messages">, prompt: Prompt, shots: Shots, count = prompt.fewShot): Message[] {
  const asked = promptOf(example);
  const own = asked[0]?.role === "system" ? asked[0] : null;
  const system = prompt.system === null ? own : { role: "system" as const, content: prompt.system };
  const shown = count === 0 ? [] : shots.choose(example, count);
  return [...(system === null ? [] : [system]), ...shown.flatMap((shot) => withoutSystem(shot.messages)), ...withoutSystem(asked)];
}
