import { useState, type ReactElement } from "react";
import type { TreeNode } from "../../contract.js";
import { Button } from "../../ui/controls.js";
import { Dialog } from "../../ui/dialog.js";
import { FormField } from "../../ui/form-field.js";
import { ProblemNotice } from "../../ui/panels.js";
import { branchFields, readChange } from "./branch-fields.js";
import type { Steer } from "./use-steer.js";

interface BranchDialogProps {
  readonly node: TreeNode;
  readonly steer: Steer;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** The next experiment, by the user: this node's recipe with one changed field. */
export function BranchDialog({ node, steer, open, onClose }: BranchDialogProps): ReactElement {
  return (
    <Dialog title="Branch with one change" open={open} onClose={onClose}>
      <BranchForm node={node} steer={steer} onClose={onClose} />
    </Dialog>
  );
}

function BranchForm({ node, steer, onClose }: Omit<BranchDialogProps, "open">): ReactElement | null {
  const fields = branchFields(node.recipe);
  const [name, setName] = useState(fields[0]?.name);
  const field = fields.find((candidate) => candidate.name === name);
  const [typed, setTyped] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  if (field === undefined) return null;
  const value = typed ?? field.now;
  const draft = readChange(field, value);
  const error = tried && !draft.ok ? draft.sentence : undefined;
  const submit = async (): Promise<void> => {
    setTried(true);
    if (draft.ok && await steer.send({ kind: "branch", nodeId: node.id, change: draft.change })) onClose();
  };
  return (
    <form className="dialog-form" noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <p>The next experiment is “{node.plan.title}” with one field changed. It runs before what the search would choose.</p>
      <FormField label="What to change">
        {(ids) => <select {...ids} autoFocus value={field.name} onChange={(event) => { setName(fields.find((candidate) => candidate.name === event.target.value)?.name); setTyped(null); setTried(false); }}>{fields.map((candidate) => <option key={candidate.name} value={candidate.name}>{candidate.label}</option>)}</select>}
      </FormField>
      <FormField label="New value" help={field.help} error={error}>
        {(ids) => field.kind === "choice" ? (
          <select {...ids} value={value} onChange={(event) => setTyped(event.target.value)}>{field.options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}</select>
        ) : field.kind === "text" ? (
          <textarea {...ids} rows={4} value={value} onChange={(event) => setTyped(event.target.value)} />
        ) : (
          <input {...ids} type="text" inputMode="decimal" autoComplete="off" value={value} onChange={(event) => setTyped(event.target.value)} />
        )}
      </FormField>
      {steer.problem === null ? null : <ProblemNotice problem={steer.problem} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" icon="tree" busy={steer.busy}>Branch</Button>
      </div>
    </form>
  );
}
