import { useCallback, useMemo, useState } from "react";
import type { Analysis, Question, Task } from "../../../contract.js";
import { valueOf, type Answer, type Problem } from "../../../store/loadable.js";
import { useApp } from "../../../store/use-app.js";
import { useRequest } from "../../../store/use-request.js";
import { sameDraft, trimmed, type Draft } from "../draft.js";
import { changedFields, draftOf, editsOf, fieldsUnder, isEdited, requirementErrors, taskOf, type RequirementChanges, type RequirementDraft, type RequirementErrors, type RequirementField } from "./requirement-draft.js";

interface Asked {
  readonly draft: Draft;
  readonly answers: Readonly<Record<string, string>>;
  readonly edits: Readonly<Record<string, unknown>>;
}
interface Understood extends Asked {
  readonly analysis: Analysis;
}

export interface Requirement {
  readonly analysis: Analysis;
  readonly draft: RequirementDraft;
  readonly errors: RequirementErrors;
  /** null while a field cannot be read. */
  readonly task: Task | null;
  readonly questions: readonly Question[];
  readonly answerOf: (question: Question) => string;
  readonly isChanged: (field: RequirementField) => boolean;
  readonly change: <Field extends RequirementField>(field: Field, value: RequirementDraft[Field]) => void;
  /** Typing has ended, or a choice was made: fields that decide others are worked out anew. */
  readonly settle: (field: RequirementField, value?: RequirementDraft[RequirementField]) => void;
  readonly undo: (field: RequirementField) => void;
  readonly answer: (question: Question, value: string) => void;
}

export interface Understanding {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /** What was understood of the draft as it stands; null before that, and after the draft was changed. */
  readonly requirement: Requirement | null;
  readonly understand: () => void;
}

/** Other fields follow from these, so the host is asked again when one is set. */
const leading: ReadonlySet<RequirementField> = new Set(["skill", "metric", "devSearch", "devSelect", "vault"]);
const noAnswers: Readonly<Record<string, string>> = {};

export function useUnderstanding(typed: Draft): Understanding {
  const analyse = useApp((state) => state.analyse);
  const send = useCallback(async (asked: Asked): Promise<Answer<Understood>> => {
    const answer = await analyse({ ...asked.draft, answers: { ...asked.answers }, edits: { ...asked.edits } });
    return answer.ok ? { ok: true, value: { ...asked, analysis: answer.value } } : answer;
  }, [analyse]);
  const [state, ask] = useRequest(send);
  const [changes, setChanges] = useState<RequirementChanges>({});
  const [answers, setAnswers] = useState(noAnswers);
  /** The host may leave out a question once it is answered; here it stays in its place, so that the answer can be changed. */
  const [asked, setAsked] = useState<readonly Question[]>([]);
  const draft = useMemo(() => trimmed(typed), [typed]);
  const understood = valueOf(state);
  const current = understood !== null && sameDraft(understood.draft, draft) ? understood : null;

  const askWith = (nextChanges: RequirementChanges, nextAnswers: Readonly<Record<string, string>>): void => {
    const task = understood === null ? null : taskOf(understood.analysis.task, { ...draftOf(understood.analysis.task), ...nextChanges });
    void ask({ draft, answers: nextAnswers, edits: task === null ? {} : editsOf(task, Object.keys(nextChanges) as RequirementField[]) });
  };
  const understand = (): void => {
    // Questions belong to the draft they were asked about; what the user set himself is kept.
    if (current === null) {
      setAnswers(noAnswers);
      setAsked([]);
    }
    askWith(changes, current === null ? noAnswers : answers);
  };

  return {
    busy: state.state === "loading",
    problem: state.state === "failed" ? state.error : null,
    requirement: current === null ? null : requirementOf(current),
    understand,
  };

  function requirementOf({ analysis, edits }: Understood): Requirement {
    const proposed = draftOf(analysis.task);
    const shown: RequirementDraft = { ...proposed, ...changes };
    const isSent = (field: RequirementField): boolean => changes[field] !== undefined && isEdited(edits, field);
    const isOpen = (question: Question): boolean => analysis.questions.some((open) => open.id === question.id);
    const questions = [...asked.filter((question) => answers[question.id] !== undefined || isOpen(question)), ...analysis.questions.filter((question) => !asked.some((known) => known.id === question.id))];
    const isChanged = (field: RequirementField): boolean => changedFields(proposed, changes).includes(field) || isSent(field);
    return {
      analysis, draft: shown, errors: requirementErrors(shown), task: taskOf(analysis.task, shown),
      // A field that the user has set needs no question about it any more.
      questions: questions.filter((question) => !fieldsUnder(question.field).some(isChanged)),
      answerOf: (question) => answers[question.id] ?? question.assumed,
      isChanged,
      change: (field, value) => setChanges((before) => ({ ...before, [field]: value })),
      settle: (field, value) => {
        const next = value === undefined ? changes : { ...changes, [field]: value };
        const isNew = next[field] !== undefined && changedFields(proposed, next).includes(field);
        if (isNew && leading.has(field) && requirementErrors({ ...proposed, ...next })[field] === undefined) askWith(next, answers);
      },
      undo: (field) => {
        const next = Object.fromEntries(Object.entries(changes).filter(([name]) => name !== field)) as RequirementChanges;
        setChanges(next);
        if (isSent(field)) askWith(next, answers);
      },
      answer: (question, value) => {
        const next = { ...answers, [question.id]: value };
        setAnswers(next);
        setAsked(questions);
        askWith(changes, next);
      },
    };
  }
}
