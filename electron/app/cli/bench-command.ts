import path from "node:path";
import { refuse, usageFailure, type Command } from "./command.js";

export const benchCommand: Command = {
  name: "bench",
  summary: "measure how fast this computer trains",
  usage: "bench train [--model M.gguf] [--seconds N] [--threads N] [--json]",
  details: ["Reports training beside a plain single-precision matrix product on the same cores, measured in the same run."],
  example: "trex bench train --seconds 10",
  options: { model: { type: "string" }, seconds: { type: "string" }, threads: { type: "string" } },
  positionals: { least: 1, most: 1 },
  async run(context) {
    const [what = ""] = context.positionals;
    const seconds = context.values.whole("seconds", 1);
    const threads = context.values.whole("threads");
    if (!seconds.ok) return refuse(context, seconds.error);
    if (!threads.ok) return refuse(context, threads.error);
    if (what !== "train") return refuse(context, usageFailure(`trex bench knows "train", not "${what.slice(0, 40)}".`));
    const model = context.values.text("model");
    const answer = await context.app().train.bench({ model: model === undefined ? null : path.resolve(model), seconds: seconds.value ?? 5, threads: threads.value ?? 0 }, context.signal);
    if (!answer.ok) return refuse(context, answer.error);
    const { sgemm, train, isa } = answer.value;
    if (context.json) context.output.json(answer.value);
    else context.output.result([
      `Training        ${Math.round(train.tokensPerSecond)} tokens/s, ${train.gflops.toFixed(1)} GFLOP/s (${train.shape})`,
      `Matrix product  ${sgemm.gflops.toFixed(1)} GFLOP/s (${sgemm.shape})`,
      `Training reaches ${(train.shareOfSgemm * 100).toFixed(0)} % of it, on ${answer.value.threads} ${answer.value.threads === 1 ? "thread" : "threads"} with ${isa}.`,
    ].join("\n"));
    return 0;
  },
};
