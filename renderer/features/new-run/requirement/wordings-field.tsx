import { useId, type ReactElement } from "react";
import { Button } from "../../../ui/controls.js";
import { Icon } from "../../../ui/icon.js";
import { ReasonLine } from "./reason-line.js";
import { mostWordings } from "./requirement-draft.js";
import type { Requirement } from "./use-understanding.js";

/** Other ways to say the task to the model: the search may try each in the prompt. */
export function WordingsField({ requirement }: { readonly requirement: Requirement }): ReactElement {
  const id = useId();
  const texts = requirement.draft.instructions;
  const error = requirement.errors.instructions;
  const set = (next: readonly string[]): void => requirement.change("instructions", next);
  return (
    <fieldset className="choice">
      <legend>Other wordings of the task</legend>
      <p className="field-help"><span className="reason-help">Each may be tried as the system prompt. None is needed.</span><ReasonLine requirement={requirement} field="instructions" label="other wordings" /></p>
      {texts.map((text, index) => (
        <div key={index} className="wording">
          <textarea rows={2} value={text} aria-label={`Wording ${index + 1}`} aria-invalid={error !== undefined} aria-describedby={id} onChange={(event) => set(texts.map((other, at) => (at === index ? event.target.value : other)))} />
          <Button look="quiet" icon="cross" aria-label={`Remove wording ${index + 1}`} title="Remove" onClick={() => set(texts.filter((_, at) => at !== index))} />
        </div>
      ))}
      <p className="field-error" id={id} role={error === undefined ? undefined : "alert"} hidden={error === undefined}><Icon name="alert" />{error}</p>
      {texts.length < mostWordings ? <div><Button icon="plus" onClick={() => set([...texts, ""])}>Add a wording</Button></div> : <p className="field-help">{`No more than ${mostWordings}.`}</p>}
    </fieldset>
  );
}
