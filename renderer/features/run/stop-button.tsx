import { useRef, type ReactElement } from "react";
import { Button } from "../../ui/controls.js";

/** The experiment at hand is lost, so it is asked once. */
export function StopButton({ busy, onStop }: { readonly busy: boolean; readonly onStop: () => void }): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = (): void => dialog.current?.close();
  return (
    <>
      <Button icon="stop" look="danger" busy={busy} onClick={() => dialog.current?.showModal()}>Stop</Button>
      <dialog ref={dialog} aria-labelledby="stop-title">
        <h2 id="stop-title">Stop this run?</h2>
        <p>The experiment that is running now is given up, and no final test is made. Every finished experiment, its scores and its adapter are kept, and the run can be resumed later.</p>
        <div className="dialog-actions">
          <Button onClick={close} autoFocus>Keep running</Button>
          <Button look="danger" icon="stop" onClick={() => { close(); onStop(); }}>Stop the run</Button>
        </div>
      </dialog>
    </>
  );
}
