import { useState, type ReactElement } from "react";
import { Button } from "./controls.js";

/** A path or command to be copied. Where the clipboard is closed to the page, the text is selected for the user instead. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  const [copied, setCopied] = useState(false);
  const copy = (code: HTMLElement | null): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => {
        if (code !== null) window.getSelection()?.selectAllChildren(code);
      },
    );
  };
  return (
    <span className="copy">
      <code>{text}</code>
      <Button look="quiet" icon={copied ? "check" : "copy"} aria-label={`Copy ${label}`} title={`Copy ${label}`} onClick={(event) => copy(event.currentTarget.previousElementSibling as HTMLElement | null)} />
      <span className="visually-hidden" role="status">{copied ? "Copied" : ""}</span>
    </span>
  );
}
