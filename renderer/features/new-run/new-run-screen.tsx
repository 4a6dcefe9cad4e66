import "./new-run.css";
import "../machine/machine.css";
import { useEffect, useState, type SyntheticEvent, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import { goTo } from "../../app/use-route.js";
import { valueOf, type Problem } from "../../store/loadable.js";
import { useAction } from "../../store/use-action.js";
import { useApp } from "../../store/use-app.js";
import { Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import { Icon } from "../../ui/icon.js";
import { Card, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { ModelField } from "../models/model-field.js";
import { DataPreview } from "./data-preview.js";
import { draftErrors, emptyDraft, fieldOfCode, type Draft, type Field } from "./draft.js";
import { PreflightCard } from "./preflight-card.js";
import { preflight } from "./preflight.js";
import { RequirementCard } from "./requirement/requirement-card.js";
import { useUnderstanding } from "./requirement/use-understanding.js";
import { useInspection, type Inspection } from "./use-inspection.js";

/** Two steps: say what is wanted, then read (or change) what was understood and start. */
export function NewRunScreen({ data }: { readonly data: string | null }): ReactElement {
  const loadModels = useApp((state) => state.loadModels);
  const startRun = useApp((state) => state.startRun);
  const models = useApp((state) => state.models);
  const doctor = useApp((state) => state.doctor);
  const [draft, setDraft] = useState<Draft>({ ...emptyDraft, data: data ?? "" });
  const [tried, setTried] = useState(false);
  const [inspection, inspect] = useInspection();
  const { busy: isThinking, problem: notUnderstood, requirement, understand } = useUnderstanding(draft);
  const start = useAction();
  useEffect(() => void loadModels(), [loadModels]);
  useEffect(() => {
    if (data !== null) inspect(data);
  }, [data, inspect]);

  const change = (field: Field, value: string): void => setDraft((before) => ({ ...before, [field]: value }));
  const dataProblem = inspection.state === "failed" && inspection.path === draft.data.trim() ? sentence(inspection.error) : null;
  const own = tried ? draftErrors(draft) : {};
  const refusal = start.problem ?? notUnderstood;
  const refusedField = refusal === null ? null : fieldOfCode(refusal.code);
  const errorOf = (field: Field): string | undefined => own[field] ?? (refusal !== null && refusedField === field ? sentence(refusal) : undefined) ?? (field === "data" ? (dataProblem ?? undefined) : undefined);
  const needsAttention = Object.keys(own).length > 0 || (requirement !== null && requirement.task === null);

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (requirement === null) {
      if (Object.keys(draftErrors(draft)).length === 0) understand();
      return;
    }
    const { task } = requirement;
    if (task === null) return;
    await start.run(async () => {
      const answer = await startRun(task);
      if (answer.ok) goTo(paths.run(answer.value.runId));
      return answer;
    });
  };
  const report = requirement?.analysis.importReport ?? (inspection.state === "done" && inspection.path === draft.data.trim() ? inspection.report : null);
  const facts = preflight({ draft, budget: requirement?.draft.budget ?? null, models: valueOf(models) ?? [], report, dataProblem, doctor: valueOf(doctor) });

  return (
    <div className="page page-narrow">
      <div className="page-head"><h1>New run</h1></div>
      <form className="new-run" onSubmit={(event) => void submit(event)} noValidate>
        <div className="new-run-main">
          <Card label="Task">
            <div className="card-body form">
              <FormField label="What should the model get better at?" help="In your own words. It is shown to the planner and stands at the top of the report." error={errorOf("goal")}>
                {(ids) => <textarea {...ids} rows={2} value={draft.goal} placeholder="Answer support questions in our product’s own terms" onChange={(event) => change("goal", event.target.value)} />}
              </FormField>
              <ModelField label="Base model" use="train" help="Models from LM Studio, Ollama, Hugging Face and Jan are found by themselves and never changed." value={draft.model} error={errorOf("model")} onChange={(path) => change("model", path)} />
              <FormField label="Examples" help={<>Path of a file with questions and good answers: chat JSONL, Alpaca JSON or CSV. Part of it is sealed for the final test. <a href={paths.library("data")}>Look for data</a></>} error={errorOf("data")}>
                {(ids) => (
                  <span className="data-input">
                    <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/examples.jsonl" value={draft.data} onChange={(event) => change("data", event.target.value)} onBlur={(event) => inspect(event.target.value)} onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); inspect(draft.data); } }} />
                    <Button busy={inspection.state === "busy"} disabled={draft.data.trim() === ""} onClick={() => inspect(draft.data)}>Check</Button>
                  </span>
                )}
              </FormField>
              <PreviewPlace inspection={inspection} path={draft.data.trim()} />
            </div>
          </Card>
          {requirement === null ? (isThinking ? <Card title="What TREX understood"><LoadingBlock label="Reading the goal and the examples" lines={6} /></Card> : null) : <RequirementCard requirement={requirement} />}
        </div>
        <div className="new-run-side">
          <PreflightCard facts={facts} />
          {refusal === null || refusedField !== null ? null : <ProblemNotice problem={refusal} />}
          {requirement === null
            ? <Button type="submit" look="primary" icon="list" busy={isThinking} className="start-button">Understand the task</Button>
            : <Button type="submit" look="primary" icon="play" busy={start.busy || isThinking} className="start-button">Start the run</Button>}
          <p className="field-help" role="status">{stepWords(requirement !== null, isThinking)}</p>
          {needsAttention && tried ? <p className="field-error" role="status"><Icon name="alert" />Some fields need attention.</p> : null}
        </div>
      </form>
    </div>
  );
}

const stepWords = (isUnderstood: boolean, isThinking: boolean): string => {
  if (isThinking) return isUnderstood ? "Working out what follows from your answer." : "Reading the goal and the examples.";
  return isUnderstood ? "Ready to start. Change the task above and it is read again." : "Nothing is trained yet. You see how the task was understood first.";
};

const sentence = (problem: Problem): string => [problem.message, problem.hint].filter((part) => part !== "").join(" ");

function PreviewPlace({ inspection, path }: { readonly inspection: Inspection; readonly path: string }): ReactElement | null {
  if (inspection.state === "busy") return <LoadingBlock label="Reading the file" lines={2} />;
  return inspection.state === "done" && inspection.path === path ? <DataPreview report={inspection.report} preview={inspection.preview} /> : null;
}
