import path from "node:path";
import type { MoveId, Planner } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { decisionCases, type DecisionCase } from "./agent-check-cases.js";
import { refuse, usageFailure, type Command, type CommandContext } from "./command.js";
import { formatDuration } from "./format.js";
import { plain } from "./output.js";

interface CaseResult {
  readonly name: string;
  /** The model's answer passed the menu and the bounds; false: the house planner had to decide. */
  readonly valid: boolean;
  readonly move: MoveId | null;
  readonly sensible: boolean;
  readonly fallbackReason: string | null;
  readonly seconds: number;
  readonly tokens: number;
}

export const agentCheckCommand: Command = {
  name: "agent-check",
  summary: "try whether a model can plan experiments here, and how fast",
  usage: "agent-check --model M.gguf [--json]",
  details: [
    `${decisionCases.length} fixed situations go through the very planner a run uses. Reported: answers that fit the menu and the bounds,`,
    "choices an engineer would accept, seconds and tokens. Few cases: they tell an unusable model from a usable one, not two good ones apart.",
  ],
  example: "trex agent-check --model qwen-3b.gguf",
  options: { model: { type: "string" } },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const model = context.values.text("model");
    if (model === undefined) return refuse(context, usageFailure("--model is missing."));
    const file = path.resolve(model);
    const inspected = await context.app().models.inspect(file, context.signal);
    if (!inspected.ok) return refuse(context, inspected.error);
    const planner = await context.app().makePlanner({ planner: "language-model", agentModel: file });
    if (!planner.ok) return refuse(context, planner.error);
    const results: CaseResult[] = [];
    const random = createRandom(1);
    for (const situation of decisionCases) {
      context.output.status(`${results.length + 1} of ${decisionCases.length}: ${situation.name}`);
      const proposal = await planner.value.propose(situation.context, random, context.signal);
      if (context.signal.aborted) break;
      results.push(judge(situation, proposal));
      if (!context.json) context.output.note(describe(results.at(-1)));
    }
    await planner.value.dispose();
    return report(context, results);
  },
};

type Proposal = Awaited<ReturnType<Planner["propose"]>>;

function judge({ name, sensible }: DecisionCase, proposal: Proposal): CaseResult {
  const valid = proposal.decidedBy === "language-model";
  const best = proposal.candidates.reduce<Proposal["candidates"][number] | null>((found, next) => (found === null || next.probability > found.probability ? next : found), null);
  const move = valid ? (best?.move ?? null) : null;
  return { name, valid, move, sensible: move !== null && sensible.includes(move), fallbackReason: proposal.fallbackReason, seconds: proposal.spent.seconds, tokens: proposal.spent.tokens };
}

function report(context: CommandContext, results: readonly CaseResult[]): 0 | 130 {
  const valid = results.filter((result) => result.valid).length;
  const sensible = results.filter((result) => result.sensible).length;
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
  if (context.json) context.output.json({ cases: results, valid, sensible, total: decisionCases.length, seconds, tokens });
  else context.output.result(`${valid} of ${decisionCases.length} answers were valid, ${sensible} sensible; ${formatDuration(seconds)}, ${tokens} tokens. ${verdict(valid, sensible)}`);
  return context.signal.aborted ? 130 : 0;
}

function verdict(valid: number, sensible: number): string {
  if (valid < decisionCases.length / 2) return "Use the house planner with this model: it seldom gives an answer that can be used.";
  return sensible * 2 >= decisionCases.length ? "It can be tried as a planner." : "It answers in the right form, but most of its choices are not what an engineer would make; the house planner is the safer choice.";
}

function describe(result: CaseResult | undefined): string {
  if (result === undefined) return "";
  const answer = result.valid ? `${result.move ?? "nothing"}${result.sensible ? "" : " (not what an engineer would choose)"}` : `not usable: ${result.fallbackReason ?? "no reason given"}`;
  return plain(`${result.name}: ${answer} (${formatDuration(result.seconds)})`);
}
