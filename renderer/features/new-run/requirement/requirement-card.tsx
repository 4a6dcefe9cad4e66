import "./requirement.css";
import type { ReactElement, ReactNode } from "react";
import { guardNames, metricNames, moves, skills, splitNames } from "../../../contract.js";
import { formatSeconds, grouped } from "../../../ui/format.js";
import { Card, Notice } from "../../../ui/panels.js";
import { ModelField } from "../../models/model-field.js";
import { metricWords, splitWords } from "../../run/requirement-words.js";
import { axisWords } from "../../tree/words.js";
import { QuestionList } from "./question-list.js";
import { CheckControl, ManyControl, SelectControl, TextControl } from "./requirement-controls.js";
import { ReasonLine } from "./reason-line.js";
import { otherReasons } from "./reasons.js";
import type { RequirementField } from "./requirement-draft.js";
import { deliverWords, guardWords, movesByAxis, otherFieldWords, reasonWords, skillWords } from "./requirement-words.js";
import type { Requirement } from "./use-understanding.js";
import { WordingsField } from "./wordings-field.js";

const budgets = ["10m", "30m", "1h", "2h", "8h"] as const;
const deliverChoices = ["anything", "adapter", "prompt"] as const;

/** The task as TREX understood it: every field can be changed, and says why it has its value and who said so. */
export function RequirementCard({ requirement }: { readonly requirement: Requirement }): ReactElement {
  const { analysis } = requirement;
  return (
    <Card title="What TREX understood" aside={understoodBy(requirement)} className="requirement">
      <div className="card-body form">
        <p className="requirement-lead">Nothing here needs your hand: start the run, or change what you know better.</p>
        {analysis.agent.fallbackReason === null ? null : <Notice tone="info" title="The language model was asked and did not decide; the house rules did."><p>{analysis.agent.fallbackReason}</p></Notice>}
        {analysis.warnings.map((warning) => <Notice key={warning} tone="warn" title={warning} />)}
        <QuestionList requirement={requirement} />
        <div className="form-pair">
          <SelectControl requirement={requirement} field="skill" label="What the model is to be good at" options={[...emptyChoice(requirement.draft.skill), ...skills.map((value) => ({ value, label: skillWords[value] }))]} />
          <SelectControl requirement={requirement} field="metric" label="Measured by" options={[...emptyChoice(requirement.draft.metric), ...metricNames.map((value) => ({ value, label: metricWords[value] }))]} />
          <TextControl requirement={requirement} field="budget" label="Time budget" suggestions={budgets} help="For the whole run. It can be paused, and whatever was finished is kept." />
          {requirement.draft.metric === "perplexity" ? null : <TextControl requirement={requirement} field="target" label="Good enough at" unit="%" placeholder="none" help="The search ends when a score on the search rows reaches it." />}
        </div>
        <Fold title="Rows for each part" summary={splitSummary(requirement)} fields={["devSearch", "devSelect", "vault"]} requirement={requirement}>
          <p className="field-help">At most so many rows are set aside for each; the rest trains. Rows of the sealed test are opened once, at the end.</p>
          <div className="form-trio">
            <TextControl requirement={requirement} field="devSearch" label="Search" unit="rows" />
            <TextControl requirement={requirement} field="devSelect" label="Selection" unit="rows" />
            <TextControl requirement={requirement} field="vault" label="Sealed test" unit="rows" />
          </div>
        </Fold>
        <Fold title="Limits" summary={limitSummary(requirement)} fields={["deliver", "mostPromptTokens", "mostRank", "forbiddenMoves"]} requirement={requirement}>
          <SelectControl requirement={requirement} field="deliver" label="What may be delivered" options={deliverChoices.map((value) => ({ value, label: deliverWords[value] }))} />
          <div className="form-pair">
            <TextControl requirement={requirement} field="mostPromptTokens" label="Longest prompt" unit="tokens" placeholder="no limit" help="System prompt and worked examples together; 0 allows neither." />
            <TextControl requirement={requirement} field="mostRank" label="Largest rank" placeholder="no limit" unit="" help="The adapter’s size: how much it can change." />
          </div>
          <ManyControl requirement={requirement} field="forbiddenMoves" label="What must not be tried" chosen={requirement.draft.forbiddenMoves} onChange={(chosen) => requirement.change("forbiddenMoves", chosen)} groups={movesByAxis.map((group) => ({ name: axisWords[group.axis].label, options: group.moves.map((value) => ({ value, label: moves[value].title })) }))} />
        </Fold>
        <Fold title="What must not get worse" summary={requirement.draft.mustNotGetWorse.map((name) => guardWords[name].label).join(", ") || "nothing is checked"} fields={["mustNotGetWorse"]} requirement={requirement}>
          <ManyControl requirement={requirement} field="mustNotGetWorse" label="Checked before anything is delivered" chosen={requirement.draft.mustNotGetWorse} onChange={(chosen) => requirement.change("mustNotGetWorse", chosen)} groups={[{ name: null, options: guardNames.map((value) => ({ value, ...guardWords[value] })) }]} />
        </Fold>
        <Fold title="Other wordings" summary={requirement.draft.instructions.length === 0 ? "none" : String(requirement.draft.instructions.length)} fields={["instructions"]} requirement={requirement}>
          <WordingsField requirement={requirement} />
        </Fold>
        <Fold title="Planner and more" summary={requirement.draft.planner === "house" ? "house rules" : "language model"} fields={["planner", "agentModel", "useLibrary", "keepInsights", "maxAnswerTokens", "maxNodes", "seed"]} requirement={requirement}>
          <PlannerFields requirement={requirement} />
          <CheckControl requirement={requirement} field="useLibrary" label="Decide with the library" help="Cards made of your documents and of earlier runs. Built-in cards are always used." />
          <CheckControl requirement={requirement} field="keepInsights" label="Keep what this run teaches" help="As cards for your later runs, with where they come from." />
          <div className="form-trio">
            <TextControl requirement={requirement} field="maxAnswerTokens" label="Longest answer" unit="tokens" placeholder="from data" />
            <TextControl requirement={requirement} field="maxNodes" label="Experiments at most" unit="" />
            <TextControl requirement={requirement} field="seed" label="Seed" unit="" />
          </div>
          <OtherReasons requirement={requirement} />
        </Fold>
      </div>
    </Card>
  );
}

const emptyChoice = (value: string): readonly { value: ""; label: string }[] => (value === "" ? [{ value: "", label: "Decided when the run starts" }] : []);

function understoodBy({ analysis: { agent } }: Requirement): string {
  const who = agent.decidedBy === "language-model" ? "By the language model" : "By the house rules";
  const cost = agent.seconds > 0 ? ` in ${formatSeconds(agent.seconds)}${agent.tokens > 0 ? `, ${grouped(agent.tokens)} tokens` : ""}` : "";
  return `${who}${cost}`;
}

const splitSummary = ({ analysis: { splitSizes } }: Requirement): string =>
  splitNames.filter((name) => splitSizes[name] !== undefined).map((name) => `${splitWords(name)} ${grouped(splitSizes[name] ?? 0)}`).join(" · ");

function limitSummary({ draft }: Requirement): string {
  const parts = [
    draft.deliver === "anything" ? null : deliverWords[draft.deliver].toLowerCase(),
    draft.mostPromptTokens.trim() === "" ? null : `prompt up to ${draft.mostPromptTokens} tokens`,
    draft.mostRank.trim() === "" ? null : `rank up to ${draft.mostRank}`,
    draft.forbiddenMoves.length === 0 ? null : `${draft.forbiddenMoves.length} ${draft.forbiddenMoves.length === 1 ? "move" : "moves"} ruled out`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** Opens by itself when something in it needs attention. */
function Fold({ title, summary, fields, requirement, children }: { readonly title: string; readonly summary: string; readonly fields: readonly RequirementField[]; readonly requirement: Requirement; readonly children: ReactNode }): ReactElement {
  const needsAttention = fields.some((field) => requirement.errors[field] !== undefined);
  const isYours = fields.some((field) => requirement.isChanged(field));
  return (
    <details className="fold" open={needsAttention ? true : undefined}>
      <summary><span className="fold-title">{title}</span><span className="fold-summary">{summary}</span>{isYours ? <span className="fold-yours">{reasonWords.user.label}</span> : null}</summary>
      <div className="form fold-body">{children}</div>
    </details>
  );
}

function PlannerFields({ requirement }: { readonly requirement: Requirement }): ReactElement {
  const { draft } = requirement;
  return (
    <>
      <fieldset className="choice">
        <legend>Who plans the experiments</legend>
        <p className="field-help"><ReasonLine requirement={requirement} field="planner" label="the planner" /></p>
        <label className="check"><input type="radio" name="planner" checked={draft.planner === "house"} onChange={() => requirement.change("planner", "house")} /> <span>House rules <span className="muted">Fast, needs no model, the same every time</span></span></label>
        <label className="check"><input type="radio" name="planner" checked={draft.planner === "language-model"} onChange={() => requirement.change("planner", "language-model")} /> <span>A language model on this computer <span className="muted">House rules stand behind it</span></span></label>
      </fieldset>
      {draft.planner === "language-model" ? <ModelField label="Planning model" use="ask" help="Loaded only while it plans, so that training has the memory to itself." value={draft.agentModel} error={requirement.errors.agentModel} onChange={(path) => requirement.change("agentModel", path)} /> : null}
    </>
  );
}

function OtherReasons({ requirement }: { readonly requirement: Requirement }): ReactElement | null {
  const others = otherReasons(requirement.analysis.reasons);
  if (others.length === 0) return null;
  return (
    <dl className="facts">
      {others.map((reason) => <div key={reason.field} className="fact"><dt>{otherFieldWords(reason.field)}</dt><dd>{reason.value} <span className="muted">{`${reasonWords[reason.by].label}: ${reason.why}`}</span></dd></div>)}
    </dl>
  );
}
