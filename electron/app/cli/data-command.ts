import { inspectDataset, type DatasetInspection } from "../../data/index.js";
import { refuse, usageFailure, type Command } from "./command.js";
import { plain } from "./output.js";

export const dataCommand: Command = {
  name: "data",
  summary: "look into a data file: what was read, what was refused, and why",
  usage: "data inspect FILE [--json]",
  details: ["Writes nothing."],
  example: "trex data inspect tickets.csv",
  options: {},
  positionals: { least: 2, most: 2 },
  async run(context) {
    const [action = "", file = ""] = context.positionals;
    if (action !== "inspect") return refuse(context, usageFailure(`trex data knows "inspect", not "${action.slice(0, 40)}".`));
    const inspected = await inspectDataset(file, context.signal);
    if (!inspected.ok) return refuse(context, inspected.error);
    if (context.json) context.output.json(inspected.value);
    else context.output.result(describe(inspected.value));
    return 0;
  },
};

function describe({ report, preview, recommendedMetric, metricReason }: DatasetInspection): string {
  const lines = [
    `File       ${report.path} (${report.format}, ${report.encoding})`,
    `Rows       ${report.accepted} of ${report.rows} can be used; ${report.duplicates} repeated, ${report.conflicts} with contradicting answers`,
    ...report.rejected.map((entry) => `Refused    ${entry.count} rows, first row ${entry.firstRow}: ${plain(entry.reason)}`),
    `Answers    ${report.answerCharacters.median} characters in the middle, ${report.answerCharacters.longest} at most${report.answersAreJson ? ", all JSON" : ""}`,
    `Metric     ${recommendedMetric}: ${plain(metricReason)}`,
  ];
  const first = preview[0];
  if (first !== undefined) lines.push("", "The first row:", ...first.map((message) => `  ${message.role}: ${plain(message.content)}`));
  return lines.join("\n");
}
