import path from "node:path";
import { benchSearch } from "./bench-search.js";
import { benchSearchReal } from "./bench-search-real.js";
import { refuse, usageFailure, type Command, type CommandContext, type ExitCode } from "./command.js";

export const benchCommand: Command = {
  name: "bench",
  summary: "measure how fast this computer trains, or how well the search searches",
  usage: "bench train [--model M.gguf] [--seconds N] [--threads N] | bench search [--scenarios FILE] [--seeds N] [--seed S] [--jobs N] [--policies A,B] [--families A,B] [--markdown FILE] [--agent-model M.gguf] [--json] | bench search --real [--task TASK.yaml] [--budget TIME] [--seeds N] [--markdown FILE]",
  details: [
    "train   Reports training beside a plain single-precision matrix product on the same cores, measured in the same run.",
    "search  Judges this app's search and its rivals on simulated tasks at equal GPU seconds, agents included. --scenarios takes your own",
    "        families (docs/search.md). Five seeds are a quick look; the published table has 200. The same --seed gives the same table.",
    "        --real trains the built-in demo's model (or a task of yours) instead: ours, random, TPE and greedy, each for --budget (90s) a seed.",
  ],
  example: "trex bench search --seeds 20 --jobs 2",
  options: {
    model: { type: "string" }, seconds: { type: "string" }, threads: { type: "string" },
    scenarios: { type: "string" }, seeds: { type: "string" }, seed: { type: "string" }, jobs: { type: "string" }, policies: { type: "string" }, families: { type: "string" },
    markdown: { type: "string" }, "agent-model": { type: "string" }, real: { type: "boolean" }, task: { type: "string" }, budget: { type: "string" },
  },
  positionals: { least: 1, most: 1 },
  async run(context) {
    const [what = ""] = context.positionals;
    switch (what) {
      case "train":
        return await benchTrain(context);
      case "search":
        return context.values.flag("real") ? await benchSearchReal(context) : await benchSearch(context);
      default:
        return refuse(context, usageFailure(`trex bench knows "train" and "search", not "${what.slice(0, 40)}".`));
    }
  },
};

async function benchTrain(context: CommandContext): Promise<ExitCode> {
  const seconds = context.values.whole("seconds", 1);
  const threads = context.values.whole("threads");
  if (!seconds.ok) return refuse(context, seconds.error);
  if (!threads.ok) return refuse(context, threads.error);
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
}
