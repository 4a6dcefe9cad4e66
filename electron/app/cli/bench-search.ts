import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse, YAMLParseError } from "yaml";
import { createHousePlanner, createLanguageModelPlanner, loadPlannerPrompts } from "../../agents/index.js";
import { fail, ok, type Planner, type Result } from "../../contract/index.js";
import { createOurs, fieldTable, markdownReport, parseScenario, tabulate, tabulateAll, textReport, type MissingRow, type PolicyFactory, type Report, type Scenario } from "../../tree/index.js";
import { judgeHere, judgeInThreads, type BenchTask } from "./bench-search-jobs.js";
import { withGeneratedParts } from "./bench-search-document.js";
import { benchPlanner, modelRows, oursName, rulePolicies, variantNames } from "./bench-search-policies.js";
import { refuse, usageFailure, type CommandContext, type ExitCode } from "./command.js";
import { formatDuration } from "./format.js";

const quickSeeds = 5;
const largestScenarioBytes = 4 * 1024 * 1024;

/** `trex bench search`: the same policies on the same simulated tasks, at equal GPU seconds. */
export async function benchSearch(context: CommandContext): Promise<ExitCode> {
  const seeds = context.values.whole("seeds", 1);
  const firstSeed = context.values.whole("seed");
  const jobs = context.values.whole("jobs", 1);
  for (const value of [seeds, firstSeed, jobs]) if (!value.ok) return refuse(context, value.error);
  if (!seeds.ok || !firstSeed.ok || !jobs.ok) return 2;
  const file = context.values.text("scenarios");
  const scenario = await readScenario(file === undefined ? path.join(path.dirname(context.app().places.demo), "scenarios", "built-in.yaml") : path.resolve(file));
  if (!scenario.ok) return refuse(context, scenario.error);
  const families = pick("families", context.values.text("families"), scenario.value.families.map((each) => each.name));
  if (!families.ok) return refuse(context, families.error);

  const rules = rulePolicies(scenario.value.agentSeconds, context.signal);
  const policies = pick("policies", context.values.text("policies"), Object.keys(rules));
  if (!policies.ok) return refuse(context, policies.error);
  const models = await modelPolicies(context, scenario.value);
  if (!models.ok) return refuse(context, models.error);

  const count = seeds.value ?? (file === undefined ? quickSeeds : Math.min(quickSeeds, scenario.value.seeds));
  const tasks = families.value.flatMap((family) => Array.from({ length: count }, (_, index): BenchTask => ({ family, seed: (firstSeed.value ?? 1) + index })));
  const started = performance.now();
  const onDone = (done: number): void => context.output.status(`${done} of ${tasks.length} problems, ${formatDuration((performance.now() - started) / 1000)}`);
  const threads = jobs.value ?? 1;
  const chosen = policies.value.flatMap((name) => (rules[name] === undefined ? [] : [rules[name]]));
  const runs = threads > 1
    ? await judgeInThreads({ input: { scenario: scenario.value, policies: policies.value }, tasks, jobs: threads, signal: context.signal, onDone })
    : await judgeHere({ scenario: scenario.value, tasks, policies: chosen, signal: context.signal, onDone });
  if (models.value.length > 0) runs.push(...(await judgeHere({ scenario: scenario.value, tasks, policies: models.value, signal: context.signal, onDone })));
  await context.app().llama.release();
  if (context.signal.aborted) {
    context.output.note("Interrupted: a table of half of the problems would mislead, so none is shown.");
    return 130;
  }
  const missing: MissingRow[] = models.value.length > 0 ? [] : modelRows.map((policy) => ({ policy, reason: "no model at hand; give --agent-model FILE.gguf" }));
  const report: Report = { ours: oursName, tables: tabulate(runs, oursName, variantNames), overall: tabulateAll(runs, oursName, variantNames), missing };
  return await publish(context, { scenario: scenario.value.name, seeds: count, firstSeed: firstSeed.value ?? 1, seconds: (performance.now() - started) / 1000, report, runs });
}

/** Prints a report, or writes it into the page that `--markdown` names, between the marks of `part`. */
export async function publish(context: CommandContext, result: { scenario: string; seeds: number; firstSeed: number; seconds: number; report: Report; runs: readonly unknown[] }, part: "results" | "real-results" = "results"): Promise<ExitCode> {
  const markdown = context.values.text("markdown");
  const heading = `Scenarios "${result.scenario}", ${result.seeds === 1 ? "seed" : `${result.seeds} seeds from`} ${result.firstSeed}${result.seeds === 1 ? "" : " on"}. Regret is the best score known for a problem less the delivered one, on the vault, in points of a hundred; lower is better.`;
  if (markdown !== undefined) {
    const file = path.resolve(markdown);
    const page = await readFile(file, "utf8").catch(() => "");
    await writeFile(file, withGeneratedParts(page, { [part]: `${heading}\n\n${markdownReport(result.report)}`, fields: fieldTable() }));
  }
  if (context.json) context.output.json(result);
  else context.output.result(`${heading}\n\n${textReport(result.report)}\n\nTook ${formatDuration(result.seconds)}.`);
  return 0;
}

async function readScenario(file: string): Promise<Result<Scenario>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => error as Error);
  if (text instanceof Error) return fail("CONFIG", "scenario.unreadable", `The scenario file ${file} cannot be read: ${text.message}.`, "Check the path and its spelling.");
  if (text.length > largestScenarioBytes) return fail("CONFIG", "scenario.too_large", `The scenario file ${file} is larger than 4 MiB.`, "A scenario is a list of families; docs/search.md shows one.");
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    return fail("CONFIG", "scenario.not_yaml", `${file} is not valid YAML: ${error.message.split("\n")[0] ?? ""}`, "JSON is YAML, too.");
  }
  const parsed = parseScenario(document);
  return parsed.ok ? ok(parsed.scenario) : fail("CONFIG", "scenario.invalid", `${path.basename(file)} is not a valid scenario file. ${parsed.problem}`, "docs/search.md lists every field with its bounds.");
}

/** A comma-separated choice of known names; all of them when absent. */
function pick(option: string, text: string | undefined, known: readonly string[]): Result<string[]> {
  if (text === undefined) return ok([...known]);
  const names = text.split(",").map((each) => each.trim()).filter((each) => each !== "");
  const unknown = names.find((each) => !known.includes(each));
  if (unknown !== undefined || names.length === 0) return { ok: false, error: usageFailure(`--${option} knows ${known.join(", ")}${unknown === undefined ? "" : `, not "${unknown.slice(0, 40)}"`}.`) };
  return ok(known.filter((each) => names.includes(each)));
}

/** The rows that need a language model; none without one. Their own time is measured and charged. */
async function modelPolicies(context: CommandContext, scenario: Scenario): Promise<Result<PolicyFactory[]>> {
  const model = context.values.text("agent-model");
  if (model === undefined) return ok([]);
  const app = context.app();
  const modelPath = path.resolve(model);
  const inspected = await app.models.inspect(modelPath, context.signal);
  if (!inspected.ok) return inspected;
  const prompts = await loadPlannerPrompts(app.places.prompts);
  if (!prompts.ok) return prompts;
  const house = createHousePlanner();
  const options = { llama: app.llama, modelPath, house, prompts: prompts.value };
  const alone = createLanguageModelPlanner({ ...options, share: 1 });
  const both = createLanguageModelPlanner(options);
  const policy = (name: (typeof modelRows)[number], planner: Planner): PolicyFactory => () => createOurs(name, benchPlanner(planner, scenario.agentSeconds, context.signal));
  return ok([policy("language model alone", alone), policy("house + language model", both)]);
}
