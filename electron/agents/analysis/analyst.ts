import { ok, skills, taskSchema, type Analysis, type Result, type Skill } from "../../contract/index.js";
import { fail } from "../../contract/index.js";
import type { TurnOptions } from "../planner/model-turn.js";
import type { AnalystPrompts } from "../prompts/prompt-file.js";
import type { AnalystInput } from "./analyst-input.js";
import { fieldsOf, latest, reasonOf, type FieldDecision } from "./decisions.js";
import { draftByRule } from "./draft.js";
import { questionsFor } from "./questions.js";
import { readGoal } from "./read-goal.js";
import { askForWordings, type Wordings } from "./wordings.js";

export interface AnalystOptions {
  /** Absent: rules alone, which are deterministic and always work. */
  readonly model?: TurnOptions & { readonly prompts: AnalystPrompts; readonly seed?: number };
}

export interface Analyst {
  /** From a sentence and what is known of the file to a requirement the user can edit. Error: CONFIG when goal or paths are empty. */
  analyse(input: AnalystInput, signal: AbortSignal): Promise<Result<Analysis>>;
}

/** The paths the task came with are not the user's to set here, and what is sealed or measured is no field of a task. */
const fixedFields: ReadonlySet<string> = new Set(["goal", "model", "data"]);

export function createAnalyst({ model }: AnalystOptions = {}): Analyst {
  return {
    async analyse(input, signal) {
      const says = readGoal(input.goal);
      const warnings: string[] = [...input.facts.warnings, ...modelWarnings(input)];
      const decisions: FieldDecision[] = [...draftByRule(input, says)];
      let agent: Analysis["agent"] = { decidedBy: "house-planner", fallbackReason: null, seconds: 0, tokens: 0 };
      // What the user already worded is not worded again.
      if (model !== undefined && input.edits.instructions === undefined) {
        const plausible: readonly Skill[] = [...new Set([input.facts.skill, ...(says.skill === null ? [] : [says.skill.value])])];
        const asked = await askForWordings(model, model.prompts.wordings, { goal: input.goal, form: formOf(input), skills: plausible }, model.seed ?? 1, signal);
        if (asked.ok) {
          decisions.push(...byModel(asked.value, input));
          agent = { decidedBy: "language-model", fallbackReason: null, seconds: asked.value.seconds, tokens: asked.value.tokens };
        } else agent = { ...agent, fallbackReason: asked.error.message };
      }

      const skillNow = latest(decisions).find(({ field }) => field === "skill")?.value;
      const asked = questionsFor(input, says, skills.find((each) => each === skillNow) ?? input.facts.skill);
      const open = asked.filter(({ id, field, decide }) => {
        if (editedField(input.edits, field)) return false;
        const answer = input.answers[id];
        if (answer === undefined) return true;
        const decided = decide(answer);
        if (decided === null) {
          warnings.push(`The answer to "${id}" was none of those on offer, so the question is still open.`);
          return true;
        }
        for (const each of decided) decisions.push({ ...each, why: "You answered so.", by: "user" });
        return false;
      });
      for (const { field, assumed, options } of open) {
        const known = decisions.find((decision) => decision.field === field);
        if (known === undefined) decisions.push({ field, value: undefined, why: `Assumed until you say otherwise: ${options.find((option) => option.value === assumed)?.label ?? assumed}.`, by: "rule" });
      }
      return assemble(input, decisions, warnings, open.map(({ id, field, text, options, assumed }) => ({ id, field, text, options, assumed })), agent);
    },
  };
}

function assemble(input: AnalystInput, decisions: readonly FieldDecision[], warnings: string[], questions: Analysis["questions"], agent: Analysis["agent"]): Result<Analysis> {
  const base = { goal: input.goal, model: input.model, data: input.data };
  let kept = latest(decisions);
  if (!taskSchema.safeParse({ ...fieldsOf(kept), ...base }).success) {
    const first = taskSchema.safeParse({ ...fieldsOf(kept), ...base }).error?.issues[0];
    return fail("CONFIG", "analyst.bad_task", `The task cannot be drafted: ${first?.path.join(".") ?? "goal"} ${first?.message.toLowerCase() ?? "is wrong"}.`, "Check the goal and the two files.");
  }
  // One by one, so that one wrong edit does not cost the others.
  for (const [field, value] of Object.entries(input.edits)) {
    if (fixedFields.has(field)) continue;
    const known = Object.hasOwn(taskSchema.shape, field);
    const edited = latest([...kept, ...editsOf(field, value)]);
    if (known && taskSchema.safeParse({ ...fieldsOf(edited), ...base }).success) kept = edited;
    else warnings.push(`The value for ${known ? field : "an unknown field"} could not be used and was left out.`);
  }
  const task = taskSchema.parse({ ...fieldsOf(kept), ...base });
  // A field that only has its default is shown with the value the task really has.
  const reasons = kept.map((decision) => reasonOf(decision.value === undefined && decision.field === "splits" ? { ...decision, value: task.splits } : decision));
  return ok({ task, reasons, questions, importReport: input.facts.report, splitSizes: { ...(input.facts.splitSizes ?? {}) }, warnings, agent });
}

/** Parts of a whole are set one by one: what the user did not touch keeps its value and its reason. */
function editsOf(field: string, value: unknown): readonly FieldDecision[] {
  const set = (path: string, to: unknown): FieldDecision => ({ field: path, value: to, why: "You set it so.", by: "user" });
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value).map(([name, part]) => set(`${field}.${name}`, part));
  return [set(field, value === null ? undefined : value)];
}

function byModel({ skill, instructions }: Wordings, { facts }: AnalystInput): readonly FieldDecision[] {
  const decisions: FieldDecision[] = [];
  if (skill !== null && skill !== facts.skill) decisions.push({ field: "skill", value: skill, why: "The goal names it, and the language model read it so.", by: "language-model" });
  if (instructions.length > 0) decisions.push({ field: "instructions", value: [...instructions], why: "Other wordings of the goal, to be tried as prompts.", by: "language-model" });
  return decisions;
}

function editedField(edits: AnalystInput["edits"], path: string): boolean {
  const [top = "", inner] = path.split(".");
  const value = edits[top];
  return value !== undefined && (inner === undefined || (typeof value === "object" && value !== null && inner in value));
}

function formOf({ facts: { report, recommendedMetric } }: AnalystInput): string {
  if (report.answersAreChoices) return "one of several given choices";
  if (report.answersAreJson) return "JSON objects";
  return recommendedMetric === "exact-match" ? "short texts" : "free text";
}

function modelWarnings({ modelFacts, facts }: AnalystInput): readonly string[] {
  if (modelFacts === null) return [];
  const warnings: string[] = [];
  if (!modelFacts.hasChatTemplate) warnings.push("The model has no chat template, so a plain one is used for training and for measuring.");
  // About three characters a token; a row holds a question besides.
  if (facts.report.answerCharacters.longest / 3 > modelFacts.contextLength / 2) warnings.push(`The longest answers may not fit the model's context of ${modelFacts.contextLength} tokens; longer rows are left out.`);
  return warnings;
}
