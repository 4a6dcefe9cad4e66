import path from "node:path";
import type { Analysis } from "../../contract/index.js";
import { stringify } from "yaml";
import { analyseTask } from "../analyse-task.js";
import { refuse, usageFailure, type Command } from "./command.js";
import { plain } from "./output.js";

export const analyseCommand: Command = {
  name: "analyse",
  summary: "draft the requirement for a task: metric, splits, budget, and why",
  usage: "analyse --model M.gguf --data D --goal TEXT [--answer ID=VALUE ...] [--set FIELD=VALUE ...] [--yaml]",
  details: [
    "Starts nothing and writes nothing. Every field comes with its reason; at most five questions are asked, each with what is assumed",
    "until it is answered. --yaml prints a TASK.yaml that trex run takes.",
  ],
  example: "trex analyse --model qwen.gguf --data tickets.jsonl --goal \"Answer support tickets as JSON\" --yaml > task.yaml",
  options: { model: { type: "string" }, data: { type: "string" }, goal: { type: "string" }, answer: { type: "string", multiple: true }, set: { type: "string", multiple: true }, yaml: { type: "boolean" } },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const { values } = context;
    const [model, data, goal] = [values.text("model"), values.text("data"), values.text("goal")];
    if (model === undefined || data === undefined || goal === undefined) return refuse(context, usageFailure("--model, --data and --goal are all needed."));
    const app = context.app();
    const edits = Object.fromEntries(values.pairs("set").map(([field, text]) => [field, valueOf(text)]));
    const analysed = await analyseTask(
      { models: app.models, llama: app.llama, promptsDirectory: app.places.prompts, settings: await app.settings.data() },
      { goal, data, model, answers: Object.fromEntries(values.pairs("answer")), edits }, process.cwd(), context.signal,
    );
    if (!analysed.ok) return refuse(context, analysed.error);
    if (context.json) context.output.json(analysed.value);
    else if (values.flag("yaml")) context.output.result(stringify(analysed.value.task).trimEnd());
    else context.output.result(describe(analysed.value));
    return 0;
  },
};

/** A flag's text as the value a task's field can have. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function describe({ task, reasons, questions, warnings, splitSizes }: Analysis): string {
  const width = Math.max(...reasons.map(({ field }) => field.length));
  return [
    `Goal   ${plain(task.goal)}`,
    `Data   ${path.basename(task.data)}: ${Object.entries(splitSizes).map(([name, size]) => `${size} ${name}`).join(", ")}`,
    "",
    ...reasons.map(({ field, value, why, by }) => `${field.padEnd(width)}  ${plain(value)}\n${" ".repeat(width)}  ${plain(why)} (${by})`),
    ...(questions.length === 0 ? [] : ["", "Questions (answer with --answer ID=VALUE):"]),
    ...questions.flatMap(({ id, text, options, assumed }) => [`  ${id}: ${plain(text)}`, ...options.map(({ value, label }) => `    ${value === assumed ? "*" : " "} ${value}: ${plain(label)}`)]),
    ...(questions.length === 0 ? [] : ["  * is assumed until you answer."]),
    ...warnings.map((warning) => `Note   ${plain(warning)}`),
  ].join("\n");
}
