import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { err, metricNames, ok, splitNames, type EvaluateOutcome, type Example, type MetricName, type Result } from "../../contract/index.js";
import { createData, readSplit } from "../../data/index.js";
import { createEvaluator } from "../../evaluate/index.js";
import { writeJsonLines } from "../../store/index.js";
import { refuse, usageFailure, type Command, type CommandContext, type Values } from "./command.js";
import { formatDuration, formatScore } from "./format.js";
import { plain } from "./output.js";

export const evalCommand: Command = {
  name: "eval",
  summary: "score a model, with or without an adapter, on a data file",
  usage: "eval --model M.gguf [--adapter A.gguf] --suite S --data D [options]",
  details: [
    `--suite NAME      ${metricNames.join(", ")}`,
    "--few-shot N      worked examples before each question (default 0)",
    "--system TEXT     a system prompt instead of the rows' own",
    "--max-tokens N    longest answer (default 256)",
    "--limit N         score only so many rows",
    "--threads N       processor threads; 0 is all physical cores",
    "Repeated rows and rows that contradict each other are left out; n says how many were scored.",
  ],
  example: "trex eval --model qwen.gguf --adapter adapter.gguf --suite json-fields --data test.jsonl",
  options: {
    model: { type: "string" }, adapter: { type: "string" }, suite: { type: "string" }, data: { type: "string" }, "few-shot": { type: "string" },
    system: { type: "string" }, "max-tokens": { type: "string" }, limit: { type: "string" }, threads: { type: "string" },
  },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const asked = readOptions(context.values);
    if (!asked.ok) return refuse(context, asked.error);
    const folder = await mkdtemp(path.join(os.tmpdir(), "trex-eval-"));
    try {
      const outcome = await evaluateFile(context, asked.value, folder);
      if (!outcome.ok) return refuse(context, outcome.error);
      const { estimate, secondary, seconds } = outcome.value;
      if (context.json) context.output.json({ suite: asked.value.metric, ...estimate, secondary, seconds });
      else {
        context.output.result(`${asked.value.metric}  ${formatScore(estimate)} on ${estimate.n} rows in ${formatDuration(seconds)}`);
        for (const [name, value] of Object.entries(secondary)) context.output.result(`  ${plain(name)}: ${value.toFixed(4)}`);
      }
      return 0;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Asked {
  readonly model: string;
  readonly adapter: string | null;
  readonly metric: MetricName;
  readonly data: string;
  readonly system: string | null;
  readonly fewShot: number;
  readonly maxTokens: number;
  readonly limit: number | undefined;
  readonly threads: number;
}

function readOptions(values: Values): Result<Asked> {
  const model = values.text("model");
  const data = values.text("data");
  const metric = metricNames.find((name) => name === values.text("suite"));
  if (model === undefined || data === undefined) return err(usageFailure("--model and --data are needed."));
  if (metric === undefined) return err(usageFailure(`--suite must be one of ${metricNames.join(", ")}.`));
  const fewShot = values.whole("few-shot");
  const maxTokens = values.whole("max-tokens", 1);
  const limit = values.whole("limit", 1);
  const threads = values.whole("threads");
  if (!fewShot.ok) return fewShot;
  if (!maxTokens.ok) return maxTokens;
  if (!limit.ok) return limit;
  if (!threads.ok) return threads;
  const adapter = values.text("adapter");
  return ok({
    model: path.resolve(model), adapter: adapter === undefined ? null : path.resolve(adapter), metric, data: path.resolve(data), system: values.text("system") ?? null,
    fewShot: Math.min(16, fewShot.value ?? 0), maxTokens: maxTokens.value ?? 256, limit: limit.value, threads: threads.value ?? 0,
  });
}

/** The data service only knows runs, so the file passes through one that is thrown away; all its splits are scored. */
async function evaluateFile(context: CommandContext, asked: Asked, folder: string): Promise<Result<EvaluateOutcome>> {
  const { llama, train, models } = context.app();
  const model = await models.inspect(asked.model, context.signal);
  if (!model.ok) return model;
  const imported = path.join(folder, "import");
  const prepared = await createData({ llama }).prepare({ path: asked.data, modelPath: asked.model, runDirectory: imported, seed: 1, sizes: { devSearch: 8, devSelect: 8, vault: 8 } }, context.signal);
  if (!prepared.ok) return prepared;
  const examples: Example[] = [];
  for (const split of splitNames) {
    const rows = await readSplit(imported, split);
    if (!rows.ok) return rows;
    examples.push(...rows.value);
  }
  examples.sort((left, right) => left.sourceRow - right.sourceRow);
  await mkdir(path.join(folder, "data"), { recursive: true });
  const shots = examples.slice(0, asked.fewShot);
  const scored = examples.slice(asked.fewShot);
  for (const [name, rows] of [["dev-search.jsonl", scored], ["shots.jsonl", shots]] as const) {
    const written = await writeJsonLines(path.join(folder, "data", name), rows);
    if (!written.ok) return written;
  }
  return await createEvaluator({ llama, scorer: train.scorer }).evaluate({
    runDirectory: folder, split: "dev-search", ...(asked.limit === undefined ? {} : { limit: asked.limit }), modelPath: asked.model, adapterPath: asked.adapter,
    prompt: { system: asked.system, fewShot: asked.fewShot, shotSelection: "fixed" }, goal: "", metric: asked.metric, maxAnswerTokens: asked.maxTokens, threads: asked.threads, seed: 1,
    outPath: path.join(folder, "items.jsonl"), onProgress: ({ done, total }) => context.output.status(`${done} of ${total} rows`),
  }, context.signal);
}
