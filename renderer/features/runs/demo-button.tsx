import { useState, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import { goTo } from "../../app/use-route.js";
import type { Problem } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Button } from "../../ui/controls.js";
import { ProblemNotice } from "../../ui/panels.js";

export function DemoButton({ look }: { readonly look: "primary" | "plain" }): ReactElement {
  const startDemo = useApp((state) => state.startDemo);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    const answer = await startDemo();
    setBusy(false);
    if (answer.ok) goTo(paths.run(answer.value.runId));
    else setProblem(answer.error);
  };
  return (
    <div className="demo-start">
      <Button look={look} icon="play" busy={busy} onClick={() => void start()}>Try the demo</Button>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </div>
  );
}
