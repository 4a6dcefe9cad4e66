import type { ReactElement } from "react";
import { paths } from "../../app/route.js";
import { ButtonLink } from "../../ui/controls.js";
import { Card } from "../../ui/panels.js";
import { MachineSummary } from "../machine/machine-summary.js";
import { DemoButton } from "./demo-button.js";

const steps = [
  { title: "You say what should get better", text: "A goal in your own words, a model file (GGUF) and examples of good answers." },
  { title: "TREX tries many ways to train it", text: "Each try is really trained and really scored on this computer, and the next one learns from it." },
  { title: "You get an honest result", text: "A better model with proof on questions nobody had seen, or a clear no. Nothing leaves this computer." },
] as const;

export function FirstRun(): ReactElement {
  return (
    <>
      <p className="lead">Make a language model better at one thing, on your own computer, with the cable unplugged.</p>
      <ol className="steps">
        {steps.map((step, index) => (
          <li key={step.title} className="card step">
            <span className="step-number" aria-hidden="true">{index + 1}</span>
            <h2>{step.title}</h2>
            <p>{step.text}</p>
          </li>
        ))}
      </ol>
      <Card title="Where to start">
        <div className="card-body start-choices">
          <div>
            <h3>See it work first</h3>
            <p>The built-in demo teaches a tiny model to turn plain requests into strict commands. It takes a few minutes and needs no files.</p>
            <DemoButton look="primary" />
          </div>
          <div>
            <h3>Use your own data</h3>
            <p>Bring a GGUF model and a file of examples: chat JSONL, Alpaca JSON or CSV. You see what was understood before anything starts.</p>
            <ButtonLink href={paths.newRun} icon="plus">New run</ButtonLink>
          </div>
        </div>
      </Card>
      <MachineSummary />
    </>
  );
}
