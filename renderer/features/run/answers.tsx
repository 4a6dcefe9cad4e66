import { useState, type ReactElement } from "react";
import type { SampleAnswer } from "../../contract.js";
import { Badge, Button } from "../../ui/controls.js";

const shownAtFirst = 3;

/** What the model answered beside what was expected. All of it is foreign text, and is only ever shown as text. */
export function Answers({ samples }: { readonly samples: readonly SampleAnswer[] }): ReactElement {
  const [all, setAll] = useState(false);
  const shown = all ? samples : samples.slice(0, shownAtFirst);
  return (
    <>
      <ol className="answers">
        {shown.map((sample, index) => (
          <li key={index} className="answer">
            <p className="answer-prompt" title={sample.prompt}>{sample.prompt}</p>
            <dl>
              <div><dt>Expected</dt><dd><pre>{sample.expected}</pre></dd></div>
              <div><dt>Got <AnswerMark score={sample.score} /></dt><dd><pre className={sample.score >= 1 ? undefined : "is-wrong"}>{sample.answer === "" ? "(nothing)" : sample.answer}</pre></dd></div>
            </dl>
          </li>
        ))}
      </ol>
      {samples.length <= shownAtFirst ? null : <Button look="quiet" onClick={() => setAll(!all)}>{all ? "Show fewer" : `Show all ${samples.length}`}</Button>}
    </>
  );
}

function AnswerMark({ score }: { readonly score: number }): ReactElement {
  if (score >= 1) return <Badge tone="gain" icon="check">right</Badge>;
  return score <= 0 ? <Badge tone="bad" icon="cross">wrong</Badge> : <Badge tone="warn" icon="wave">{`${Math.round(score * 100)}\u2009% right`}</Badge>;
}
