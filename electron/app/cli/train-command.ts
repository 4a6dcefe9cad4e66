import { readFile, stat } from "node:fs/promises";
import { fail, type Result } from "../../contract/index.js";
import { failureOfIo } from "../../store/index.js";
import { refuse, type Command } from "./command.js";

const longestConfigBytes = 1024 * 1024;

export const trainCommand: Command = {
  name: "train",
  summary: "run one training of the native trainer, without agents or a run",
  usage: "train CONFIG.json [--json]",
  details: [
    "CONFIG.json is trex-train's own request (native-trainer/README.md). Every node keeps one: nodes/ID/train/request.json.",
    "It goes to the trainer as it is, so everything the trainer can do is open here: objectives (sft, text, dpo, orpo), LoRA by pattern,",
    "layer and rank, optimiser states, schedules, noise and averages; see that README's section train. A misspelt field is an error.",
    "--json   the trainer's events, one JSON object a line",
  ],
  example: "trex train request.json",
  options: {},
  positionals: { least: 1, most: 1 },
  async run(context) {
    const config = await readConfig(context.positionals[0] ?? "");
    if (!config.ok) return refuse(context, config.error);
    let done: Readonly<Record<string, unknown>> = {};
    const ended = await context.app().train.trainDocument(config.value, (event) => {
      if (context.json) context.output.json(event);
      if (event.event === "step") context.output.status(`step ${String(event.step)} of ${String(event.steps)}, loss ${Number(event.loss).toFixed(4)}, ${Math.round(Number(event.tokensPerSecond))} tokens/s`);
      if (event.event === "done") done = event;
    }, context.signal);
    if (!ended.ok) return refuse(context, ended.error);
    if (!context.json) context.output.result(`Done: loss ${Number(done.loss).toFixed(4)} after ${String(done.step)} steps in ${Number(done.seconds).toFixed(1)} s. Written: ${String(done.adapter ?? done.model)}`);
    return 0;
  },
};

async function readConfig(file: string): Promise<Result<unknown>> {
  let text: string;
  try {
    if ((await stat(file)).size > longestConfigBytes) return fail("CONFIG", "train.config_too_large", `${file} is too large to be a training request.`, "Name the request, not the data.");
    text = await readFile(file, "utf8");
  } catch (error) {
    return { ok: false, error: failureOfIo(error, `Cannot read ${file}`) };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return fail("CONFIG", "train.config_not_json", `${file} is not valid JSON: ${(error as Error).message}.`, "native-trainer/README.md shows a request.");
  }
}
