import "./steering.css";
import { useState, type ReactElement } from "react";
import type { RunView } from "../../contract.js";
import { Button } from "../../ui/controls.js";
import { Dialog } from "../../ui/dialog.js";
import { durationSeconds, durationText } from "../../ui/duration.js";
import { formatSeconds } from "../../ui/format.js";
import { FormField } from "../../ui/form-field.js";
import { Notice, ProblemNotice } from "../../ui/panels.js";
import { useSteer } from "./use-steer.js";

const steps = [{ label: "+10m", seconds: 600 }, { label: "+30m", seconds: 1800 }, { label: "+1h", seconds: 3600 }, { label: "+4h", seconds: 14_400 }] as const;

/** Raises or cuts the whole run's budget. */
export function BudgetButton({ view }: { readonly view: RunView }): ReactElement {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" className="link" onClick={() => setOpen(true)}>Change<span className="visually-hidden"> the budget</span></button>
      <Dialog title="Change the budget" open={open} onClose={close}><BudgetForm view={view} onClose={close} /></Dialog>
    </>
  );
}

function BudgetForm({ view, onClose }: { readonly view: RunView; readonly onClose: () => void }): ReactElement {
  const { runId, budget } = view;
  const steer = useSteer(runId);
  const totalSeconds = budget.totalMs / 1000;
  const [typed, setTyped] = useState(durationText(totalSeconds));
  const [tried, setTried] = useState(false);
  const seconds = durationSeconds(typed);
  const error = seconds === null || seconds <= 0 ? "Write a time such as 10m, 2h or 90s." : undefined;
  const endsSearch = seconds !== null && seconds * 1000 <= budget.spentMs;
  const submit = async (): Promise<void> => {
    setTried(true);
    if (seconds !== null && error === undefined && await steer.send({ kind: "budget", totalMs: seconds * 1000 })) onClose();
  };
  return (
    <form className="dialog-form" noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <p>{`${formatSeconds(budget.spentMs / 1000)} of ${formatSeconds(totalSeconds)} are spent.`}</p>
      <FormField label="Time for the whole run" help="What is spent counts; agents and the final test are included." error={tried ? error : undefined}>
        {(ids) => (
          <span className="short-input">
            <input {...ids} type="text" autoFocus autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
            <span className="segments" role="group" aria-label="Add time">
              {steps.map((step) => <button key={step.label} type="button" onClick={() => setTyped(durationText(Math.round((seconds ?? totalSeconds) + step.seconds)))}>{step.label}</button>)}
            </span>
          </span>
        )}
      </FormField>
      {endsSearch ? <Notice tone="warn" title="This is no more than what is spent: the search ends here, and the final test follows with what was found." /> : null}
      {steer.problem === null ? null : <ProblemNotice problem={steer.problem} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look={endsSearch ? "danger" : "primary"} busy={steer.busy}>{endsSearch ? "Cut it and end the search" : "Set the budget"}</Button>
      </div>
    </form>
  );
}
