import type { ReactElement } from "react";
import { Badge } from "../../../ui/controls.js";
import { reasonWords } from "./requirement-words.js";
import { reasonOf } from "./reasons.js";
import type { RequirementField } from "./requirement-draft.js";
import type { Requirement } from "./use-understanding.js";

/** Who gave a field its value and why, and the way back to what was proposed. */
export function ReasonLine({ requirement, field, label }: { readonly requirement: Requirement; readonly field: RequirementField; readonly label: string }): ReactElement {
  if (requirement.isChanged(field)) {
    return (
      <span className="reason-line">
        <Badge tone={reasonWords.user.tone} hint={reasonWords.user.hint}>{reasonWords.user.label}</Badge>
        <span>You set this.</span>
        <button type="button" className="link" onClick={() => requirement.undo(field)}>Undo<span className="visually-hidden">{` your change of ${label}`}</span></button>
      </span>
    );
  }
  const reason = reasonOf(requirement.analysis.reasons, field);
  const words = reason === null ? null : reasonWords[reason.by];
  return (
    <span className="reason-line">
      <Badge tone={words?.tone ?? "quiet"} hint={words?.hint ?? "The value the app starts from"}>{words?.label ?? "Default"}</Badge>
      <span>{reason?.why ?? "Nothing called for another value."}</span>
    </span>
  );
}
