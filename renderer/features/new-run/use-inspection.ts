import { useCallback, useRef, useState } from "react";
import { importReportSchema, type ImportReport } from "../../contract.js";
import type { Problem } from "../../store/loadable.js";
import type { DataPreview } from "../../store/state.js";
import { useApp } from "../../store/use-app.js";

export type Inspection =
  | { readonly state: "none" }
  | { readonly state: "busy"; readonly path: string }
  | { readonly state: "done"; readonly path: string; readonly report: ImportReport | null; readonly preview: DataPreview["preview"] }
  | { readonly state: "failed"; readonly path: string; readonly error: Problem };

/** Asks the host what is in a file. An answer that arrives after the next question is let go. */
export function useInspection(): readonly [Inspection, (path: string) => void] {
  const inspectData = useApp((state) => state.inspectData);
  const [inspection, setInspection] = useState<Inspection>({ state: "none" });
  const asked = useRef("");
  const inspect = useCallback((path: string): void => {
    const wanted = path.trim();
    if (wanted === asked.current) return;
    asked.current = wanted;
    if (wanted === "") {
      setInspection({ state: "none" });
      return;
    }
    setInspection({ state: "busy", path: wanted });
    void inspectData(wanted).then((answer) => {
      if (asked.current !== wanted) return;
      if (!answer.ok) {
        // A file that was missing may be there the next time it is asked for.
        asked.current = "";
        setInspection({ state: "failed", path: wanted, error: answer.error });
        return;
      }
      const report = importReportSchema.safeParse(answer.value.report);
      setInspection({ state: "done", path: wanted, report: report.success ? report.data : null, preview: answer.value.preview });
    });
  }, [inspectData]);
  return [inspection, inspect];
}
