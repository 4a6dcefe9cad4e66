import type { ReactElement } from "react";
import { Icon, type IconName } from "../../ui/icon.js";
import { Card } from "../../ui/panels.js";
import type { Tone } from "../../ui/tone.js";
import type { PreflightFact } from "./preflight.js";

const looks: Readonly<Record<PreflightFact["state"], { tone: Tone; icon: IconName; word: string }>> = {
  good: { tone: "gain", icon: "check", word: "Fine" },
  open: { tone: "quiet", icon: "circle", word: "Open" },
  warn: { tone: "warn", icon: "info", word: "Note" },
  bad: { tone: "bad", icon: "alert", word: "Problem" },
};

export function PreflightCard({ facts }: { readonly facts: readonly PreflightFact[] }): ReactElement {
  return (
    <Card title="Before you start">
      <ul className="card-body preflight">
        {facts.map((fact) => {
          const look = looks[fact.state];
          return (
            <li key={fact.label}>
              <span className={`machine-mark tone-${look.tone}`}><Icon name={look.icon} size={13} /><span className="visually-hidden">{look.word}: </span></span>
              <div><p className="preflight-label">{fact.label}</p><p>{fact.text}</p></div>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
