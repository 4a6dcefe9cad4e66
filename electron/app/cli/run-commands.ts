import type { RunSummary } from "../../contract/index.js";
import { refuse, usageFailure, type Command } from "./command.js";
import { describeDecision } from "./describe-decision.js";
import { drawTree } from "./draw-tree.js";
import { finishRun, runResultDocument } from "./finish-run.js";
import { formatDuration } from "./format.js";
import { plain } from "./output.js";
import { showDocument } from "./run-document.js";
import { describeRun } from "./run-report.js";

export const resumeCommand: Command = {
  name: "resume",
  summary: "go on with a run that was paused, stopped or interrupted",
  usage: "resume ID [--json]",
  details: ["Finished experiments are kept, and the vault is never opened twice."],
  example: "trex resume 20261123-0436-9f3a2c",
  options: {},
  positionals: { least: 1, most: 1 },
  async run(context) {
    const [runId = ""] = context.positionals;
    const resumed = await context.app().runs.resume(runId);
    return resumed.ok ? await finishRun(context, runId, runResultDocument) : refuse(context, resumed.error);
  },
};

export const listCommand: Command = {
  name: "ls",
  summary: "list the runs, newest first",
  usage: "ls [--json]",
  details: [],
  example: "trex ls",
  options: {},
  positionals: { least: 0, most: 0 },
  async run(context) {
    const list = await context.app().runs.list();
    if (!list.ok) return refuse(context, list.error);
    if (context.json) context.output.json(list.value);
    else if (list.value.length === 0) context.output.note(`No runs yet in ${context.app().places.home}. Start one with trex run, or npm run demo.`);
    else context.output.result(list.value.map(summaryLine).join("\n"));
    return 0;
  },
};

export const showCommand: Command = {
  name: "show",
  summary: "show a run: the tree, the scores, the cost, where things lie",
  usage: "show ID [--tree | --node NODE] [--json]",
  details: ["--tree        the tree only", "--node NODE   how this node was decided: what was known, what was considered, what the host did and why", "--json        the whole tree, decisions included, as one document (docs/json.md)"],
  example: "trex show 20261123-0436-9f3a2c --tree",
  options: { tree: { type: "boolean" }, node: { type: "string" } },
  positionals: { least: 1, most: 1 },
  async run(context) {
    const view = await context.app().runs.view(context.positionals[0] ?? "");
    if (!view.ok) return refuse(context, view.error);
    const wanted = context.values.text("node");
    const node = view.value.nodes.find((each) => each.id === wanted);
    if (wanted !== undefined && node === undefined) return refuse(context, usageFailure(`This run has no node ${wanted.slice(0, 40)}.`));
    if (context.json) context.output.json(showDocument(view.value));
    else if (node !== undefined) context.output.result(describeDecision(view.value, node));
    else context.output.result(context.values.flag("tree") ? drawTree(view.value) : describeRun(view.value));
    return 0;
  },
};

function summaryLine(run: RunSummary): string {
  const score = run.vaultScore === null ? (run.bestScore === null ? "" : `best ${run.bestScore.toFixed(3)}`) : `vault ${run.vaultScore.toFixed(3)}`;
  return `${run.runId}  ${run.status.padEnd(11)}  ${String(run.nodes).padStart(3)} nodes  ${score.padEnd(11)}  ${formatDuration(run.cost.totalSeconds).padStart(10)}  ${plain(run.goal).slice(0, 60)}`;
}
