import type { ReactElement, ReactNode } from "react";
import { FormField } from "../../../ui/form-field.js";
import type { RequirementDraft, RequirementField } from "./requirement-draft.js";
import { ReasonLine } from "./reason-line.js";
import type { Requirement } from "./use-understanding.js";

type FieldsOf<Value> = { readonly [Field in RequirementField]: RequirementDraft[Field] extends Value ? Field : never }[RequirementField];
interface ControlProps<Field extends RequirementField> {
  readonly requirement: Requirement;
  readonly field: Field;
  readonly label: string;
  readonly help?: ReactNode;
}

const helpOf = ({ requirement, field, label, help }: ControlProps<RequirementField>): ReactElement => (
  <>{help === undefined ? null : <span className="reason-help">{help}</span>}<ReasonLine requirement={requirement} field={field} label={label} /></>
);

/** A number or a short text, checked by the form. */
export function TextControl(props: ControlProps<FieldsOf<string>> & { readonly unit?: string; readonly placeholder?: string; readonly suggestions?: readonly string[] }): ReactElement {
  const { requirement, field, label, unit, placeholder, suggestions } = props;
  const value = requirement.draft[field];
  const choose = (text: string): void => requirement.change(field, text);
  return (
    <FormField label={label} help={helpOf(props)} error={requirement.errors[field]}>
      {(ids) => (
        <span className="short-input">
          <input {...ids} type="text" inputMode={unit === undefined ? undefined : "numeric"} autoComplete="off" placeholder={placeholder} value={value} onChange={(event) => choose(event.target.value)} onBlur={() => requirement.settle(field)} />
          {unit === undefined ? null : <span className="muted">{unit}</span>}
          {suggestions === undefined ? null : (
            <span className="segments" role="group" aria-label="Common values">
              {suggestions.map((text) => <button key={text} type="button" aria-pressed={value === text} onClick={() => choose(text)}>{text}</button>)}
            </span>
          )}
        </span>
      )}
    </FormField>
  );
}

export function SelectControl<Field extends "skill" | "metric" | "deliver">(props: ControlProps<Field> & { readonly options: readonly { readonly value: RequirementDraft[Field]; readonly label: string }[] }): ReactElement {
  const { requirement, field, label, options } = props;
  return (
    <FormField label={label} help={helpOf(props)} error={requirement.errors[field]}>
      {(ids) => (
        <select {...ids} value={requirement.draft[field]} onChange={(event) => {
          const chosen = options.find((option) => option.value === event.target.value);
          if (chosen === undefined) return;
          requirement.change(field, chosen.value);
          requirement.settle(field, chosen.value);
        }}>
          {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
        </select>
      )}
    </FormField>
  );
}

export function CheckControl({ requirement, field, label, help }: ControlProps<FieldsOf<boolean>>): ReactElement {
  return (
    <div className="field">
      <label className="check"><input type="checkbox" checked={requirement.draft[field]} onChange={(event) => requirement.change(field, event.target.checked)} /> <span>{label}{help === undefined ? null : <span className="muted">{help}</span>}</span></label>
      <p className="field-help"><ReasonLine requirement={requirement} field={field} label={label} /></p>
    </div>
  );
}

export interface OptionGroup<Value> {
  readonly name: string | null;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint?: string }[];
}

interface ManyControlProps<Value> {
  readonly requirement: Requirement;
  readonly field: RequirementField;
  readonly label: string;
  readonly groups: readonly OptionGroup<Value>[];
  readonly chosen: readonly Value[];
  readonly onChange: (chosen: readonly Value[]) => void;
}

/** Any number of choices out of a list. */
export function ManyControl<Value extends string>({ requirement, field, label, groups, chosen, onChange }: ManyControlProps<Value>): ReactElement {
  const toggle = (value: Value): void => onChange(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <p className="field-help"><ReasonLine requirement={requirement} field={field} label={label} /></p>
      {groups.map((group) => (
        <div key={group.name ?? ""} className="many-group">
          {group.name === null ? null : <p className="many-name">{group.name}</p>}
          {group.options.map((option) => (
            <label key={option.value} className="check" title={option.hint}><input type="checkbox" checked={chosen.includes(option.value)} onChange={() => toggle(option.value)} /> <span>{option.label}</span></label>
          ))}
        </div>
      ))}
    </fieldset>
  );
}
