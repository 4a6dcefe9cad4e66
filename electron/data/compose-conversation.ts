import type { Example, Message, Prompt } from "../contract/index.js";
import { groupKey, promptOf } from "./identity.js";

/** Most worked examples a prompt may show (contract, promptSchema), and one to spare for the row that is itself one. */
export const shotsKept = 17;

/**
 * The messages before the answer: the one place that puts the system text and worked examples, used for training and for
 * evaluation alike, so that what is trained is what is evaluated. A recipe's system text replaces the row's own. A row
 * never sees itself as a worked example.
 */
export function composePrompt(example: Pick<Example, "messages">, prompt: Prompt, shots: readonly Example[]): Message[] {
  const asked = promptOf(example);
  const own = asked[0]?.role === "system" ? asked[0] : null;
  const system = prompt.system === null ? own : { role: "system" as const, content: prompt.system };
  const talk = (messages: readonly Message[]) => messages.filter((message) => message.role !== "system");
  const key = groupKey({ messages: talk(example.messages) });
  const shown = prompt.fewShot === 0 ? [] : shots.filter((shot) => groupKey({ messages: talk(shot.messages) }) !== key).slice(0, prompt.fewShot);
  return [...(system === null ? [] : [system]), ...shown.flatMap((shot) => talk(shot.messages)), ...talk(asked)];
}
