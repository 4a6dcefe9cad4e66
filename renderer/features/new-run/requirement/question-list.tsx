import { useId, type ReactElement } from "react";
import type { Question } from "../../../contract.js";
import type { Requirement } from "./use-understanding.js";

/** What the data does not answer. Each has an assumed answer, so that none has to be touched. */
export function QuestionList({ requirement }: { readonly requirement: Requirement }): ReactElement | null {
  const { questions } = requirement;
  if (questions.length === 0) return null;
  return (
    <div className="questions">
      <p className="questions-lead"><strong>{questions.length === 1 ? "One question only you can answer." : `${questions.length} questions only you can answer.`}</strong> Until you do, the marked answer is assumed.</p>
      {questions.map((question) => <QuestionField key={question.id} question={question} chosen={requirement.answerOf(question)} onAnswer={(value) => requirement.answer(question, value)} />)}
    </div>
  );
}

function QuestionField({ question, chosen, onAnswer }: { readonly question: Question; readonly chosen: string; readonly onAnswer: (value: string) => void }): ReactElement {
  const name = useId();
  return (
    <fieldset className="question">
      <legend>{question.text}</legend>
      {question.options.map((option) => (
        <label key={option.value} className="check">
          <input type="radio" name={name} checked={chosen === option.value} onChange={() => onAnswer(option.value)} />
          <span>{option.label}{option.value === question.assumed ? <span className="question-assumed">assumed</span> : null}</span>
        </label>
      ))}
    </fieldset>
  );
}
