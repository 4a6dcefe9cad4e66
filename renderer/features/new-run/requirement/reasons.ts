import type { DecisionReason } from "../../../contract.js";
import { requirementFields, taskPath, type RequirementField } from "./requirement-draft.js";

/** What was said about a field: about itself first ("splits.vault"), else about the whole it is part of ("splits"). */
export function reasonOf(reasons: readonly DecisionReason[], field: RequirementField): DecisionReason | null {
  const path = taskPath[field];
  return reasons.find((reason) => reason.field === path) ?? reasons.find((reason) => reason.field === path.split(".")[0]) ?? null;
}

/** Reasons about things the form has no field for: shown in a list, so that nothing is decided unseen. */
export function otherReasons(reasons: readonly DecisionReason[]): readonly DecisionReason[] {
  const shown = new Set(requirementFields.flatMap((field) => [taskPath[field], taskPath[field].split(".")[0]]));
  return reasons.filter((reason) => !shown.has(reason.field));
}
