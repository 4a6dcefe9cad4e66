import "./new-run.css";
import "../machine/machine.css";
import { useEffect, useState, type SyntheticEvent, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import { goTo } from "../../app/use-route.js";
import { metricNames } from "../../contract.js";
import { valueOf, type Problem } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Button } from "../../ui/controls.js";
import { Icon } from "../../ui/icon.js";
import { Card, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { metricWords } from "../run/requirement-words.js";
import { DataPreview } from "./data-preview.js";
import { draftErrors, emptyDraft, fieldOfCode, taskOf, type Draft, type Field, type FieldErrors } from "./draft.js";
import { FormField } from "./field.js";
import { ModelField } from "./model-field.js";
import { PreflightCard } from "./preflight-card.js";
import { preflight } from "./preflight.js";
import { useInspection, type Inspection } from "./use-inspection.js";

const budgets = ["10m", "30m", "1h", "2h", "8h"] as const;

export function NewRunScreen(): ReactElement {
  const loadModels = useApp((state) => state.loadModels);
  const startRun = useApp((state) => state.startRun);
  const models = useApp((state) => state.models);
  const doctor = useApp((state) => state.doctor);
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [refused, setRefused] = useState<FieldErrors>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [inspection, inspect] = useInspection();
  useEffect(() => void loadModels(), [loadModels]);

  const change = <Name extends Field>(field: Name, value: Draft[Name]): void => {
    setDraft((before) => ({ ...before, [field]: value }));
    setRefused((before) => ({ ...before, [field]: undefined }));
  };
  const dataProblem = inspection.state === "failed" && inspection.path === draft.data.trim() ? sentence(inspection.error) : null;
  const own = tried ? draftErrors(draft) : {};
  const errorOf = (field: Field): string | undefined => own[field] ?? refused[field] ?? (field === "data" ? (dataProblem ?? undefined) : undefined);

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    const task = taskOf(draft);
    if (task === null) return;
    setBusy(true);
    const answer = await startRun(task);
    setBusy(false);
    if (answer.ok) {
      goTo(paths.run(answer.value.runId));
      return;
    }
    const field = fieldOfCode(answer.error.code);
    if (field === null) setProblem(answer.error);
    else setRefused({ [field]: sentence(answer.error) });
  };
  const report = inspection.state === "done" && inspection.path === draft.data.trim() ? inspection.report : null;
  const facts = preflight({ draft, models: valueOf(models) ?? [], report, dataProblem, doctor: valueOf(doctor) });

  return (
    <div className="page page-narrow">
      <div className="page-head"><h1>New run</h1></div>
      <form className="new-run" onSubmit={(event) => void submit(event)} noValidate>
        <Card label="Task">
          <div className="card-body form">
            <FormField label="What should the model get better at?" help="In your own words. It is shown to the planner and stands at the top of the report." error={errorOf("goal")}>
              {(ids) => <textarea {...ids} rows={2} value={draft.goal} placeholder="Answer support questions in our product’s own terms" onChange={(event) => change("goal", event.target.value)} />}
            </FormField>
            <ModelField label="Base model" help="Models from LM Studio, Ollama, Hugging Face and Jan are found by themselves and never changed." value={draft.model} error={errorOf("model")} onChange={(path) => change("model", path)} />
            <FormField label="Examples" help="Path of a file with questions and good answers: chat JSONL, Alpaca JSON or CSV. Part of it is sealed for the final test." error={errorOf("data")}>
              {(ids) => (
                <span className="data-input">
                  <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/examples.jsonl" value={draft.data} onChange={(event) => change("data", event.target.value)} onBlur={(event) => inspect(event.target.value)} onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); inspect(draft.data); } }} />
                  <Button busy={inspection.state === "busy"} disabled={draft.data.trim() === ""} onClick={() => inspect(draft.data)}>Check</Button>
                </span>
              )}
            </FormField>
            <PreviewPlace inspection={inspection} path={draft.data.trim()} />
            <FormField label="Time budget" help="For the whole run. It can be paused, and whatever was finished is kept." error={errorOf("budget")}>
              {(ids) => (
                <span className="budget-input">
                  <input {...ids} type="text" value={draft.budget} onChange={(event) => change("budget", event.target.value)} />
                  <span className="segments" role="group" aria-label="Common budgets">
                    {budgets.map((budget) => <button key={budget} type="button" aria-pressed={draft.budget === budget} onClick={() => change("budget", budget)}>{budget}</button>)}
                  </span>
                </span>
              )}
            </FormField>
            <details className="more" open={own.seed !== undefined || own.agentModel !== undefined || refused.agentModel !== undefined ? true : undefined}>
              <summary>More settings</summary>
              <div className="form more-fields">
                <fieldset className="planner">
                  <legend>Who plans the experiments</legend>
                  <label><input type="radio" name="planner" checked={draft.planner === "house"} onChange={() => change("planner", "house")} /> <span>House rules <span className="muted">fast, needs no model, the same every time</span></span></label>
                  <label><input type="radio" name="planner" checked={draft.planner === "language-model"} onChange={() => change("planner", "language-model")} /> <span>A language model on this computer <span className="muted">house rules stand behind it</span></span></label>
                </fieldset>
                {draft.planner === "language-model" ? <ModelField label="Planning model" help="Loaded only while it plans, so that training has the memory to itself." value={draft.agentModel} error={errorOf("agentModel")} onChange={(path) => change("agentModel", path)} /> : null}
                <FormField label="Measured by" help="Chosen from the data unless you know better." error={errorOf("metric")}>
                  {(ids) => (
                    <select {...ids} value={draft.metric} onChange={(event) => change("metric", metricNames.find((name) => name === event.target.value) ?? "auto")}>
                      <option value="auto">Choose from the data</option>
                      {metricNames.map((name) => <option key={name} value={name}>{metricWords[name]}</option>)}
                    </select>
                  )}
                </FormField>
                <FormField label="Seed" help="The same seed, data and model give the same splits and the same random choices." error={errorOf("seed")}>
                  {(ids) => <input {...ids} type="text" inputMode="numeric" value={draft.seed} onChange={(event) => change("seed", event.target.value)} />}
                </FormField>
              </div>
            </details>
          </div>
        </Card>
        <div className="new-run-side">
          <PreflightCard facts={facts} />
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <Button type="submit" look="primary" icon="play" busy={busy} className="start-button">Start the run</Button>
          {tried && Object.keys(own).length > 0 ? <p className="field-error" role="status"><Icon name="alert" />Some fields need attention.</p> : null}
        </div>
      </form>
    </div>
  );
}

const sentence = (problem: Problem): string => [problem.message, problem.hint].filter((part) => part !== "").join(" ");

function PreviewPlace({ inspection, path }: { readonly inspection: Inspection; readonly path: string }): ReactElement | null {
  if (inspection.state === "busy") return <LoadingBlock label="Reading the file" lines={2} />;
  return inspection.state === "done" && inspection.path === path ? <DataPreview report={inspection.report} preview={inspection.preview} /> : null;
}
