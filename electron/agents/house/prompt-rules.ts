import type { Situation } from "./situation.js";
import { vote, type Vote } from "./vote.js";

/** A prompt is a move like any other; where no adapter may be delivered it is the only kind. */
export function usePrompts({ context, parent, beatsBaseline, promptLeads, isUntrained, tries }: Situation): readonly Vote[] {
  const only = context.constraints.deliver === "prompt" ? 4 : 1;
  const worth = only * (beatsBaseline && !isUntrained ? 0.6 : 1.2);
  const shown = parent.recipe.prompt.fewShot > 0;
  const votes = [
    vote("instruction", 1.1 * worth, "Saying the task in the system prompt may be worth more than training on it."),
    vote("format-rules", 1 * worth, "Saying the form of the answer costs a few tokens and no training."),
    vote("few-shot", 0.7 * worth, "Worked examples show the task without training."),
    vote("similar-shots", (shown ? 1.2 : 0.9) * worth, "Examples like the question show more than fixed ones."),
    vote("coverage-shots", (shown ? 1 : 0.7) * worth, "Examples of every kind of answer show more than a few of one kind."),
    vote("other-wording", (tries("instruction", "other-wording") > 0 ? 0.8 : 0.5) * worth, "The same task in other words may be understood better."),
    vote("train-prompted", 0.9, "An adapter trained with the prompt it will be used with has less to learn."),
  ];
  if (promptLeads) {
    const said = `The best prompt alone (${context.baselineScore.toFixed(3)}) is about as good as anything trained so far.`;
    votes.push(vote("train-prompted", 5, said, [parent.id]), vote("similar-shots", 2.4, said, [parent.id]), vote("coverage-shots", 2, said, [parent.id]), vote("format-rules", 2, said, [parent.id]), vote("other-wording", 1.4, said, [parent.id]));
  }
  return votes;
}
