import "./shell.css";
import { useEffect, useRef, type ReactElement } from "react";
import { LibraryScreen } from "../features/library/library-screen.js";
import { MachineScreen } from "../features/machine/machine-screen.js";
import { NewRunScreen } from "../features/new-run/new-run-screen.js";
import { ReportScreen } from "../features/report/report-screen.js";
import { RunScreen } from "../features/run/run-screen.js";
import { RunsScreen } from "../features/runs/runs-screen.js";
import { SettingsScreen } from "../features/settings/settings-screen.js";
import { Empty } from "../ui/panels.js";
import { ErrorBoundary } from "./error-boundary.js";
import { paths, type Route } from "./route.js";
import { TopBar } from "./top-bar.js";
import { useRoute } from "./use-route.js";
import { useTheme } from "./use-theme.js";
import { ConnectionNotice } from "./connection-notice.js";

export function App(): ReactElement {
  useTheme();
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  // Sections of the library share what was loaded and typed; every other address is a place of its own.
  const place = route.screen === "library" ? route.screen : JSON.stringify(route);
  useEffect(() => {
    // A new screen starts at its top, and a screen reader is told where it is.
    window.scrollTo(0, 0);
    document.title = `${titleOf(route)} · TREX Desktop`;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `place` is the route's value; the object is new each time
  }, [place]);
  return (
    <>
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to content</a>
      <TopBar route={route} />
      <ConnectionNotice />
      <main id="main" ref={main} tabIndex={-1}>
        <ErrorBoundary key={place}>
          <Screen route={route} />
        </ErrorBoundary>
      </main>
    </>
  );
}

function Screen({ route }: { readonly route: Route }): ReactElement {
  switch (route.screen) {
    case "runs":
      return <RunsScreen />;
    case "new-run":
      return <NewRunScreen key={route.data} data={route.data} />;
    case "machine":
      return <MachineScreen />;
    case "settings":
      return <SettingsScreen />;
    case "library":
      return <LibraryScreen section={route.section} cardId={route.cardId} />;
    case "run":
      return <RunScreen key={route.runId} runId={route.runId} />;
    case "report":
      return <ReportScreen key={route.runId} runId={route.runId} />;
    case "unknown":
      return (
        <div className="page">
          <Empty title="There is nothing at this address.">
            <p><a href={paths.runs}>Go to your runs</a></p>
          </Empty>
        </div>
      );
  }
}

function titleOf(route: Route): string {
  switch (route.screen) {
    case "runs":
      return "Runs";
    case "new-run":
      return "New run";
    case "machine":
      return "Machine";
    case "settings":
      return "Settings";
    case "library":
      return "Library";
    case "run":
      return "Run";
    case "report":
      return "Report";
    case "unknown":
      return "Not found";
  }
}
