import type { Question } from "../../contract/index.js";
import { mostQuestions } from "../../contract/index.js";
import type { AnalystInput } from "./analyst-input.js";
import type { FieldDecision } from "./decisions.js";
import { assumedBudget, fewRows } from "./draft.js";
import type { GoalSays } from "./read-goal.js";

/** A question with what each answer decides. */
export interface OpenQuestion extends Question {
  /** Null: the answer is none of the options. */
  readonly decide: (answer: string) => readonly Pick<FieldDecision, "field" | "value">[] | null;
}

const shortAnswer = 160;
const longAnswer = 120;
const manyConflicts = 0.02;

/** Only what neither data nor sentence answers, the most consequential first, at most five. */
export function questionsFor({ facts, modelFacts }: AnalystInput, says: GoalSays, skillAssumed: string): readonly OpenQuestion[] {
  const { report } = facts;
  const questions: OpenQuestion[] = [];
  const ask = (question: Omit<OpenQuestion, "decide">, value: (answer: string) => unknown = (answer) => answer): void => {
    questions.push({ ...question, decide: (answer) => (question.options.some((option) => option.value === answer) ? [{ field: question.field, value: value(answer) }] : null) });
  };

  const median = report.answerCharacters.median;
  const openEnded = facts.recommendedMetric === "perplexity" && median <= shortAnswer;
  const perhapsTooStrict = facts.recommendedMetric === "exact-match" && report.answerCharacters.longest > longAnswer && ["generation", "rewriting", "dialogue"].includes(facts.skill);
  if (openEnded || perhapsTooStrict) {
    ask({
      id: "metric", field: "metric", text: "Is an answer right only when it says exactly the same words as the example?", assumed: facts.recommendedMetric,
      options: [{ value: "exact-match", label: "Yes, word for word" }, { value: "perplexity", label: "No, other wordings are fine" }],
    });
  }
  if (says.budget === null) {
    ask({
      id: "budget", field: "budget", text: "How long may it work, all in all?", assumed: assumedBudget(modelFacts?.parameters ?? 0),
      options: [{ value: "10m", label: "10 minutes, a first look" }, { value: "30m", label: "Half an hour" }, { value: "2h", label: "2 hours" }, { value: "8h", label: "Overnight, 8 hours" }],
    });
  }
  if (report.conflicts > 0 && report.conflicts >= manyConflicts * Math.max(1, report.accepted)) {
    ask({
      id: "conflicts", field: "constraints.forbiddenMoves", text: `${report.conflicts} rows ask the same as another row and answer differently. May both answers be right?`, assumed: "no",
      options: [{ value: "no", label: "No, contradictions may be removed" }, { value: "yes", label: "Yes, keep all of them" }],
    }, (answer) => (answer === "yes" ? ["drop-conflicts"] : []));
  }
  const train = facts.splitSizes?.train ?? 0;
  if (says.deliver === null && train > 0 && train < fewRows) {
    ask({
      id: "deliver", field: "constraints.deliver", text: `With ${train} rows to train on, a good prompt may do as well as training. What may be delivered?`, assumed: "anything",
      options: [{ value: "anything", label: "Whatever is best" }, { value: "adapter", label: "A trained adapter only" }, { value: "prompt", label: "A prompt only, without training" }],
    });
  }
  if (says.skill !== null && says.skill.value !== facts.skill && facts.skill !== "generation") {
    const [named, found] = [says.skill.value, facts.skill];
    ask({
      id: "skill", field: "skill", text: `The goal sounds like ${words(named)}, the rows look like ${words(found)}. Which is it?`, assumed: skillAssumed,
      options: [{ value: found, label: `As the rows: ${words(found)}` }, { value: named, label: `As the goal: ${words(named)}` }],
    });
  }
  return questions.slice(0, mostQuestions);
}

const words = (skill: string): string => skill.replaceAll("-", " ");
