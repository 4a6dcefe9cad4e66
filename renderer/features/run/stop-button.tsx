import { useState, type ReactElement } from "react";
import { Button } from "../../ui/controls.js";
import { Dialog } from "../../ui/dialog.js";

/** The experiment at hand is lost, so it is asked once. */
export function StopButton({ busy, onStop }: { readonly busy: boolean; readonly onStop: () => void }): ReactElement {
  const [asking, setAsking] = useState(false);
  const close = (): void => setAsking(false);
  return (
    <>
      <Button icon="stop" look="danger" busy={busy} onClick={() => setAsking(true)}>Stop</Button>
      <Dialog title="Stop this run?" open={asking} onClose={close}>
        <p>The experiment that is running now is given up, and no final test is made. Every finished experiment, its scores and its adapter are kept, and the run can be resumed later.</p>
        <div className="dialog-actions">
          <Button onClick={close} autoFocus>Keep running</Button>
          <Button look="danger" icon="stop" onClick={() => { close(); onStop(); }}>Stop the run</Button>
        </div>
      </Dialog>
    </>
  );
}
