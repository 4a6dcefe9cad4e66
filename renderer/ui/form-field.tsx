import { useId, type ReactElement, type ReactNode } from "react";
import { Icon } from "./icon.js";

interface FieldProps {
  readonly label: string;
  readonly help?: ReactNode;
  readonly error?: string | undefined;
  readonly children: (ids: { readonly id: string; readonly "aria-describedby": string; readonly "aria-invalid": boolean }) => ReactNode;
}

/** A label, a control, what helps to fill it in, and what is wrong with it, tied together for screen readers. */
export function FormField({ label, help, error, children }: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-help ${id}-error`, "aria-invalid": error !== undefined })}
      <p className="field-help" id={`${id}-help`}>{help}</p>
      <p className="field-error" id={`${id}-error`} role={error === undefined ? undefined : "alert"} hidden={error === undefined}><Icon name="alert" />{error}</p>
    </div>
  );
}
