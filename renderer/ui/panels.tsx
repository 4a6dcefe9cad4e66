import type { ReactElement, ReactNode } from "react";
import type { Problem } from "../store/loadable.js";
import { Button } from "./controls.js";
import { Icon, type IconName } from "./icon.js";
import type { Tone } from "./tone.js";

export function Card({ title, aside, children, className = "", label }: { readonly title?: ReactNode; readonly aside?: ReactNode; readonly children: ReactNode; readonly className?: string; readonly label?: string }): ReactElement {
  return (
    <section className={`card ${className}`} aria-label={label ?? (typeof title === "string" ? title : undefined)}>
      {title === undefined ? null : (
        <header className="card-head">
          <h2>{title}</h2>
          {aside === undefined ? null : <div className="card-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** A message with a colour, an icon and words. Problems interrupt a screen reader; the rest does not. */
export function Notice({ tone, icon, title, children, action }: { readonly tone: Tone; readonly icon?: IconName; readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }): ReactElement {
  return (
    <div className={`notice tone-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icon ?? (tone === "bad" || tone === "warn" ? "alert" : "info")} size={16} />
      <div className="notice-text">
        <p className="notice-title">{title}</p>
        {children}
      </div>
      {action}
    </div>
  );
}

export function ProblemNotice({ problem, onRetry }: { readonly problem: Problem; readonly onRetry?: () => void }): ReactElement {
  return (
    <Notice tone="bad" title={problem.message} action={onRetry === undefined ? undefined : <Button onClick={onRetry}>Try again</Button>}>
      {problem.hint === "" ? null : <p>{problem.hint}</p>}
    </Notice>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactElement {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function LoadingBlock({ label, lines = 3 }: { readonly label: string; readonly lines?: number }): ReactElement {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, index) => <span key={index} className="loading-line" style={{ width: `${92 - ((index * 17) % 40)}%` }} />)}
    </div>
  );
}

/** A labelled value in a definition list: the house's way to show facts. */
export function Fact({ label, children, hint }: { readonly label: ReactNode; readonly children: ReactNode; readonly hint?: string }): ReactElement {
  return (
    <div className="fact" title={hint}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
