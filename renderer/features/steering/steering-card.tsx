import "./steering.css";
import { useState, type ReactElement, type ReactNode } from "react";
import type { RunView } from "../../contract.js";
import { Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import { Card, ProblemNotice } from "../../ui/panels.js";
import { runState } from "../run/run-state.js";
import { changeWords } from "./branch-fields.js";
import { useSteer, type Steer } from "./use-steer.js";

const mostHintCharacters = 300;

/** What the user has asked of the search: hints, branches that wait, pins and cuts. */
export function SteeringCard({ view, onSelect }: { readonly view: RunView; readonly onSelect: (nodeId: string) => void }): ReactElement | null {
  const steer = useSteer(view.runId);
  const { canSteer } = runState(view.status);
  const { hints, branches, pinned, pruned } = view.steering;
  const isEmpty = hints.length + branches.length + pinned.length + pruned.length === 0;
  if (!canSteer && isEmpty) return null;
  const link = (nodeId: string): ReactElement => <button type="button" className="link" onClick={() => onSelect(nodeId)}>{view.nodes.find((node) => node.id === nodeId)?.plan.title ?? nodeId}</button>;
  return (
    <Card title="Your steering">
      <div className="card-body steering">
        <section className="steering-part">
          <h3>Hints to the planner</h3>
          <p className="field-help">Read as material beside the evidence, and never obeyed blindly. Each is kept in the run’s journal.</p>
          {hints.length === 0 ? null : (
            <ul className="steering-list">
              {hints.map((hint) => (
                <li key={hint.id}>
                  <span className="steering-text">{hint.text}</span>
                  {canSteer ? <Button look="quiet" icon="cross" disabled={steer.busy} aria-label={`Remove the hint: ${hint.text}`} title="Remove" onClick={() => void steer.send({ kind: "remove-hint", hintId: hint.id })} /> : null}
                </li>
              ))}
            </ul>
          )}
          {canSteer ? <HintForm steer={steer} /> : null}
          {steer.problem === null ? null : <ProblemNotice problem={steer.problem} />}
        </section>
        <section className="steering-part">
          <h3>Branches, pins and cuts</h3>
          {branches.length + pinned.length + pruned.length === 0 ? <p className="muted">None yet. Choose an experiment to pin it, prune it or branch from it.</p> : (
            <dl className="facts">
              <Group label="Waiting" items={branches.map((branch) => ({ key: branch.id, content: <>{changeWords(branch.change)} <span className="muted">from {link(branch.nodeId)}</span></> }))} />
              <Group label="Pinned" items={pinned.map((id) => ({ key: id, content: link(id) }))} />
              <Group label="Pruned" items={pruned.map((id) => ({ key: id, content: link(id) }))} />
            </dl>
          )}
        </section>
      </div>
    </Card>
  );
}

function Group({ label, items }: { readonly label: string; readonly items: readonly { readonly key: string; readonly content: ReactNode }[] }): ReactElement | null {
  if (items.length === 0) return null;
  return <div className="fact"><dt>{label}</dt><dd><ul className="steering-items">{items.map((item) => <li key={item.key}>{item.content}</li>)}</ul></dd></div>;
}

function HintForm({ steer }: { readonly steer: Steer }): ReactElement {
  const [text, setText] = useState("");
  const [tried, setTried] = useState(false);
  const trimmed = text.trim();
  const error = trimmed === "" ? "Write the hint first." : trimmed.length > mostHintCharacters ? `Keep it under ${mostHintCharacters} characters; these are ${trimmed.length}.` : undefined;
  const submit = async (): Promise<void> => {
    setTried(true);
    if (error !== undefined || !(await steer.send({ kind: "hint", text: trimmed }))) return;
    setText("");
    setTried(false);
  };
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <FormField label="New hint" error={tried ? error : undefined}>
        {(ids) => (
          <span className="data-input">
            <input {...ids} type="text" autoComplete="off" placeholder="The dates are always written day first" value={text} onChange={(event) => setText(event.target.value)} />
            <Button type="submit" icon="plus" busy={steer.busy}>Add</Button>
          </span>
        )}
      </FormField>
    </form>
  );
}
