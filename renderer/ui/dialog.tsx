import { useEffect, useId, useRef, type ReactElement, type ReactNode } from "react";
import { createPortal } from "react-dom";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  /** Asked for by Escape as well as by the dialog's own buttons. */
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A modal question. What is inside exists only while it is open, so that it starts fresh each time. */
export function Dialog({ title, open, onClose, children }: DialogProps): ReactElement {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open === open) return;
    if (open) dialog.showModal();
    else dialog.close();
  }, [open]);
  // Outside of what it is asked from: it should take over neither its text style nor its place in a list.
  return createPortal(
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      {open ? <><h2 id={id}>{title}</h2>{children}</> : null}
    </dialog>,
    document.body,
  );
}
