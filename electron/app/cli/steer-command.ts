import { recipeChangeSchema, steeringActionSchema, type Result, type SteeringAction } from "../../contract/index.js";
import { parseBudget } from "../../session/index.js";
import { firstIssue } from "../router.js";
import { refuse, usageFailure, type Command } from "./command.js";

export const steerCommand: Command = {
  name: "steer",
  summary: "steer a run: pin, prune, branch, hint, budget",
  usage: "steer ID pin|unpin|prune|restore NODE | branch NODE FIELD=VALUE | hint TEXT | remove-hint HINT | budget TIME",
  details: [
    "pin NODE                 grow from this node before all others; unpin ends it",
    "prune NODE               nothing grows from this node or below it; restore ends it",
    "branch NODE FIELD=VALUE  the next experiment: this node's recipe with one changed field, for example learningRate=1e-4,",
    "                         rank=32, epochs=3, dropout=0.05, targets=mlp, schedule=linear, fewShot=4",
    "hint TEXT                a sentence for the planner, which reads it as material",
    "budget TIME              the whole run's budget from now on: 90s, 10m, 2h",
    "Every action is an event in the run's journal; the search goes on from it, now or when the run is resumed.",
    "A run that another process works on is steered from there.",
  ],
  example: "trex steer 20261123-0436-9f3a2c branch n007 learningRate=5e-4",
  options: {},
  positionals: { least: 2, most: 4 },
  async run(context) {
    const [runId = "", kind = "", ...words] = context.positionals;
    const action = actionFrom(kind, words);
    if (!action.ok) return refuse(context, action.error);
    const steered = await context.app().runs.steer(runId, action.value);
    if (!steered.ok) return refuse(context, steered.error);
    if (context.json) context.output.json({ runId, action: action.value });
    else context.output.result(`Noted in the journal of ${runId}. If the run is at rest, it takes effect when it is resumed.`);
    return 0;
  },
};

export function actionFrom(kind: string, words: readonly string[]): Result<SteeringAction> {
  const [first = "", second = ""] = words;
  switch (kind) {
    case "pin": case "unpin": case "prune": case "restore":
      return checked({ kind, nodeId: first });
    case "hint":
      return checked({ kind, text: words.join(" ") });
    case "remove-hint":
      return checked({ kind, hintId: first });
    case "budget": {
      const budget = parseBudget(first);
      return budget.ok ? checked({ kind, totalMs: budget.value }) : budget;
    }
    case "branch": {
      const at = second.indexOf("=");
      const [field, text] = at < 0 ? ["", ""] : [second.slice(0, at), second.slice(at + 1)];
      const value = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text === "none" ? null : text;
      const change = recipeChangeSchema.safeParse({ field, value });
      if (!change.success) return wrong(`"${second.slice(0, 60)}" is not a field of a recipe with a value it can have.`);
      return checked({ kind, nodeId: first, change: change.data });
    }
    default:
      return wrong(`trex steer knows pin, unpin, prune, restore, branch, hint, remove-hint and budget, not "${kind.slice(0, 40)}".`);
  }
}

function checked(input: unknown): Result<SteeringAction> {
  const parsed = steeringActionSchema.safeParse(input);
  return parsed.success ? { ok: true, value: parsed.data } : wrong(`This is not an action: ${firstIssue(parsed.error)}.`);
}

const wrong = (message: string): Result<never> => ({ ok: false, error: usageFailure(message, "trex steer --help has examples.") });
