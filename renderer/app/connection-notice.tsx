import type { ReactElement } from "react";
import { useApp } from "../store/use-app.js";
import { Notice } from "../ui/panels.js";

export function ConnectionNotice(): ReactElement | null {
  const connection = useApp((state) => state.connection);
  if (connection !== "lost") return null;
  return (
    <div className="connection-notice">
      <Notice tone="warn" title="The connection to TREX is lost. What you see may be out of date.">
        <p>The page reconnects by itself. If it does not, check that TREX is still running.</p>
      </Notice>
    </div>
  );
}
