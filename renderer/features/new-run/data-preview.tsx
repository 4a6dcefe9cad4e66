import type { ReactElement } from "react";
import type { DataFormat, ImportReport } from "../../contract.js";
import type { DataPreview as Preview } from "../../store/state.js";
import { Badge } from "../../ui/controls.js";
import { grouped } from "../../ui/format.js";

const formatWords: Readonly<Record<DataFormat, string>> = {
  "openai-chat": "Chat messages (OpenAI JSONL)", alpaca: "Instructions (Alpaca)", csv: "Table (CSV)", "prompt-completion": "Prompt and completion", "multiple-choice": "Multiple choice",
};
const roleWords: Readonly<Record<string, string>> = { system: "System", user: "User", assistant: "Answer" };
const rowsShown = 3;

/** What was understood of a file: its format, what can be used, what cannot and why, and the first rows as the model will see them. */
export function DataPreview({ report, preview }: { readonly report: ImportReport | null; readonly preview: Preview["preview"] }): ReactElement {
  return (
    <div className="preview">
      {report === null ? null : (
        <>
          <p className="preview-line">
            <Badge tone="gain" icon="check">{formatWords[report.format]}</Badge>
            <span><strong>{grouped(report.accepted)}</strong> of {grouped(report.rows)} rows can be used</span>
            {report.duplicates > 0 ? <span className="muted">{grouped(report.duplicates)} repeated</span> : null}
            {report.conflicts > 0 ? <span className="muted">{grouped(report.conflicts)} contradict another row</span> : null}
          </p>
          {report.rejected.length === 0 ? null : (
            <ul className="preview-rejected">
              {report.rejected.map((reason) => <li key={reason.reason}>{`${grouped(reason.count)} left out: ${reason.reason} (first in row ${grouped(reason.firstRow)})`}</li>)}
            </ul>
          )}
        </>
      )}
      <ol className="preview-rows" aria-label="First rows">
        {preview.slice(0, rowsShown).map((messages, row) => (
          <li key={row}>
            {messages.map((message, index) => (
              <div key={index} className={`message message-${message.role}`}>
                <span className="message-role">{roleWords[message.role] ?? message.role}</span>
                <span className="message-text">{message.content}</span>
              </div>
            ))}
          </li>
        ))}
      </ol>
    </div>
  );
}
