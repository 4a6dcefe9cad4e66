import { parseArgs } from "node:util";
import { FailureError } from "../../contract/index.js";
import { createApp, type App } from "../create-app.js";
import { writeCrashLog } from "../crash-log.js";
import { findPlaces } from "../places.js";
import { refuse, usageFailure, Values, type Command, type ExitCode } from "./command.js";
import { commandHelp, commands, generalHelp } from "./commands.js";
import { createOutput, type Streams } from "./output.js";

export interface Invocation extends Streams {
  readonly arguments: readonly string[];
  readonly signal: AbortSignal;
}

/** The command line: one command to its exit code. Never throws; a bug becomes a sentence and a log file. */
export async function main(invocation: Invocation): Promise<ExitCode> {
  const output = createOutput(invocation);
  const [name, ...rest] = invocation.arguments;
  const bare = { output, json: rest.includes("--json") };
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    output.result(generalHelp());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    output.result(findPlaces(invocation).version);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) return refuse(bare, usageFailure(`trex has no command "${name.slice(0, 40)}".`, "trex --help lists the commands."));

  const help = `trex ${command.name} --help shows how.`;
  const parsed = parse(command, rest);
  if (typeof parsed === "string") return refuse(bare, usageFailure(parsed, help));
  if (parsed.values.flag("help")) {
    output.result(commandHelp(command));
    return 0;
  }
  const { least, most } = command.positionals;
  if (parsed.positionals.length < least) return refuse(bare, usageFailure(`trex ${command.name} needs more: trex ${command.usage}`, help));
  if (parsed.positionals.length > most) return refuse(bare, usageFailure(`trex ${command.name} does not know what to do with "${parsed.positionals[most]?.slice(0, 40) ?? ""}".`, help));

  const home = parsed.values.text("home");
  let app: App | null = null;
  const context = {
    ...parsed, json: parsed.values.flag("json"), output, signal: invocation.signal,
    app: () => (app ??= createApp({ environment: invocation.environment, ...(home === undefined ? {} : { home }) })),
  };
  try {
    return await command.run(context);
  } catch (error) {
    if (error instanceof FailureError) return refuse(context, error.failure);
    const log = writeCrashLog(findPlaces({ environment: invocation.environment, ...(home === undefined ? {} : { home }) }).logs, error);
    return refuse(context, { class: "INTERNAL", code: "cli.bug", message: "Something went wrong that should not. What was finished is kept.", hint: `The details are in ${log}.` });
  } finally {
    // TypeScript does not see the assignment inside `context.app`.
    await (app as App | null)?.dispose();
  }
}

function parse(command: Command, rest: readonly string[]): { values: Values; positionals: readonly string[] } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...rest], allowPositionals: true, strict: true,
      options: { ...command.options, json: { type: "boolean" }, help: { type: "boolean", short: "h" }, home: { type: "string" } },
    });
    return { values: new Values(values), positionals };
  } catch (error) {
    return `${(error as Error).message.split(". ")[0] ?? "The options are not valid"}.`;
  }
}
