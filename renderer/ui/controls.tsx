import type { ButtonHTMLAttributes, ReactElement, ReactNode } from "react";
import { Icon, type IconName } from "./icon.js";
import type { Tone } from "./tone.js";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "primary" | "plain" | "quiet" | "danger";
  readonly icon?: IconName;
  readonly busy?: boolean;
}

/** While busy a button keeps its words and its place, and takes no second click. */
export function Button({ look = "plain", icon, busy = false, children, className = "", disabled, ...rest }: ButtonProps): ReactElement {
  return (
    <button type="button" {...rest} className={`button button-${look} ${className}`} disabled={disabled === true || busy} aria-busy={busy}>
      {busy ? <Icon name="running" /> : icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

export function ButtonLink({ href, look = "plain", icon, children }: { readonly href: string; readonly look?: "primary" | "plain" | "quiet"; readonly icon?: IconName; readonly children: ReactNode }): ReactElement {
  return (
    <a className={`button button-${look}`} href={href}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </a>
  );
}

export function Badge({ tone, icon, hint, children }: { readonly tone: Tone; readonly icon?: IconName; readonly hint?: string; readonly children: ReactNode }): ReactElement {
  return (
    <span className={`badge tone-${tone}`} title={hint}>
      {icon === undefined ? null : <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

/** A term with an explanation: shown on hover, and read out by screen readers after the term. */
export function Hint({ text, children }: { readonly text: string; readonly children: ReactNode }): ReactElement {
  return (
    <span className="hint" title={text}>
      {children}
      <span className="visually-hidden"> ({text})</span>
    </span>
  );
}
