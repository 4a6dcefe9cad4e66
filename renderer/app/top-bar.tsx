import type { ReactElement } from "react";
import { useApp } from "../store/use-app.js";
import { paths, type Route } from "./route.js";

const connectionWords = { connecting: "Connecting", open: "Connected", lost: "Disconnected" } as const;

export function TopBar({ route }: { readonly route: Route }): ReactElement {
  const connection = useApp((state) => state.connection);
  const inRuns = route.screen === "runs" || route.screen === "run" || route.screen === "report";
  return (
    <header className="topbar">
      <a className="brand" href={paths.runs} aria-label="TREX Desktop, runs">
        <Logo />
        <span className="brand-name">TREX <span className="brand-rest">Desktop</span></span>
      </a>
      <nav aria-label="Main">
        <NavLink href={paths.runs} current={inRuns}>Runs</NavLink>
        <NavLink href={paths.newRun} current={route.screen === "new-run"}>New run</NavLink>
        <NavLink href={paths.library("documents")} current={route.screen === "library"}>Library</NavLink>
        <NavLink href={paths.machine} current={route.screen === "machine"}>Machine</NavLink>
        <NavLink href={paths.settings} current={route.screen === "settings"}>Settings</NavLink>
      </nav>
      <div className="topbar-end">
        <span className={`line-state line-${connection}`} title={connection === "open" ? "This page is connected to TREX on this computer" : undefined}>
          <span className="line-dot" aria-hidden="true" />
          <span className="line-word">{connectionWords[connection]}</span>
        </span>
      </div>
    </header>
  );
}

function NavLink({ href, current, children }: { readonly href: string; readonly current: boolean; readonly children: string }): ReactElement {
  return <a className="nav-link" href={href} aria-current={current ? "page" : undefined}>{children}</a>;
}

function Logo(): ReactElement {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#1d6b50" />
      <path d="M10 16h4c3 0 2-7 6-7h1M14 16h7M14 16c3 0 2 7 6 7h1" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" />
      <circle cx="8.5" cy="16" r="2.6" fill="#fff" />
      <circle cx="23" cy="9" r="2.2" fill="#8fe0bd" />
      <circle cx="23" cy="16" r="2.2" fill="#fff" />
      <circle cx="23" cy="23" r="2.2" fill="#fff" />
    </svg>
  );
}
