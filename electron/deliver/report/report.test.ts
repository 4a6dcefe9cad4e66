import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Card, JournalRecord, RunView, TreeNode } from "../../contract/index.js";
import { escapeHtml } from "./html.js";
import { createSession, emptyRun } from "../../session/index.js";
import { World, type WorldOptions } from "../../../test/fixtures/session/world.js";
import { renderReport, writeReport } from "../index.js";

const never = new AbortController().signal;
const finish = (options: WorldOptions = {}): Promise<RunView> => createSession(new World({ ...options, task: { maxNodes: 12, ...options.task } }).dependencies()).run(never);

const decisionOf = (text: string): NonNullable<TreeNode["decision"]> => ({
  selection: { reason: text, considered: [{ nodeId: text, value: 1, mean: 1, visits: 1 }] }, known: { cards: [text], nodes: [text], hints: [text], insights: [text], promptCharacters: 1 },
  direction: { axis: "data", why: text }, candidates: [{ move: "rank", planner: 0.75, host: 0.25, expectedGain: 0.02, standardDeviation: 0.01, feasible: 0.9 }], host: [text], overridden: false, planner: { name: "language-model", prompts: [text], seconds: 3, tokens: 70 },
});
const cardOf = (text: string, id = "rank-card"): Card => ({
  id, kind: "document", title: text, claim: text, scope: text, numbers: [], effects: [], sources: [{ title: text, reference: text, locator: text, year: 2024 }], disagreements: [{ source: text, claim: text }], confidence: "reported", tags: [], provenance: null,
});
const journalOf = (text: string, id = "rank-card"): JournalRecord[] => [
  { sequence: 1, time: "2026-01-02T03:04:05Z", event: { type: "knowledge-fixed", cards: [cardOf(text, id)] } },
  { sequence: 2, time: "2026-01-02T03:05:05Z", event: { type: "steered", id: "s1", action: { kind: "hint", text } } },
  { sequence: 3, time: "2026-01-02T03:06:05Z", event: { type: "steered", id: "s2", action: { kind: "branch", nodeId: text, change: { field: "system", value: text } } } },
];

/** Every place of a view that untrusted text can reach: the model's name, data rows, agents, file names. */
function hostile(view: RunView, text: string): RunView {
  return {
    ...view, phase: text, warnings: [text],
    requirement: view.requirement === null ? null : { ...view.requirement, goal: text, modelName: text, modelPath: text, metricReason: text, dataPath: text },
    importReport: view.importReport === null ? null : { ...view.importReport, path: text, rejected: [{ reason: text, count: 1, firstRow: 1 }] },
    plannerRetired: text, cards: [text], steering: { pinned: [text], pruned: [text], hints: [{ id: text, text }], branches: [{ id: text, nodeId: text, change: { field: "system", value: text } }] },
    nodes: view.nodes.map((node) => ({ ...node, insight: text, failures: [{ label: text, share: 0.5 }], decision: decisionOf(text), plan: { ...node.plan, title: text, hypothesis: text, fallbackReason: text, evidence: [text], candidates: [{ move: "rank", probability: 1, hypothesis: text }] }, samples: [{ prompt: text, expected: text, answer: text, score: 1 }], secondary: { [text]: 1 }, failure: { class: "ENV" as const, code: "x", message: text, hint: text } })),
    regression: [{ name: text, guard: null, base: 1, candidate: 1, passed: true, note: text }],
    delivery: view.delivery === null ? null : { ...view.delivery, reason: text, adapterPath: text },
  };
}

const created = { type: "node-created" as const, parent: null, kind: "improve" as const, axis: "prompt" as const, decidedBy: "user" as const, plan: { title: "", hypothesis: "", evidence: [], move: null, candidates: [], fallbackReason: null, numbers: {} }, recipe: { data: [], prompt: { system: null, fewShot: 0, shotSelection: "fixed" as const }, training: null, seed: 1 }, backtracked: false, agentCost: { trainSeconds: 0, evalSeconds: 0, agentSeconds: 0, totalSeconds: 0, agentTokens: 0, energyJoules: null }, decision: null };

describe("the report", () => {
  let view: RunView;
  let report: string;
  beforeAll(async () => {
    view = await finish({ energyJoules: (nowMs) => nowMs / 10, task: { tariffPerKilowattHour: 0.3 } });
    report = renderReport(view);
  });

  it("is one page that loads and runs nothing", () => {
    expect(report).not.toMatch(/<script|<link|<img|<iframe|<object|@import|url\(|\son\w+=|\sstyle=/i);
    expect([...report.matchAll(/(?:src|href)\s*=/gi)]).toEqual([]);
    expect(report).not.toMatch(/https?:\/\//);
  });

  it("allows exactly its own style sheet", () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(report)![1]!;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(report).toContain(`content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`);
    // The policy only governs what comes after it.
    expect(report.indexOf("Content-Security-Policy")).toBeLessThan(report.indexOf("<style>"));
  });

  it("says what came out, how sure it is and what it cost", () => {
    const { vault, baseline } = view;
    for (const value of [vault!.score, baseline!.score]) expect(report).toContain(`${(value * 100).toFixed(1)} %`);
    expect(report).toContain(`+${(vault!.gain.score * 100).toFixed(1)}`);
    expect(report).toContain("p &lt; 0.0001");
    expect(report).toContain("once");
    expect(report).toContain("kWh");
    expect(report).toContain("0.3 per kWh");
    expect(report).toContain(view.delivery!.adapterPath!);
    for (const program of ["llama-cli", "ollama create", "LM Studio"]) expect(report).toContain(program);
  });

  it("holds every node with its axis, decider, verdict and insight", () => {
    for (const node of view.nodes) {
      expect(report).toContain(escapeHtml(node.plan.title));
      expect(report).toContain(`${node.id}<`.slice(0, node.id.length));
      if (node.insight !== null) expect(report).toContain(escapeHtml(node.insight));
      expect(report).toContain(`<summary>${node.id} `);
    }
  });

  it("shows hostile text as text", () => {
    const attack = `"><img src=x onerror=alert(1)></title></style><script>alert(2)</script>\u202e\u0000'`;
    for (const records of [[], journalOf(attack), journalOf(attack, attack)]) holdsTight(renderReport(hostile(view, attack), records), renderReport(hostile(view, "plain"), records.length === 0 ? [] : journalOf("plain", records[0]!.event.type === "knowledge-fixed" && records[0]!.event.cards[0]!.id === attack ? "plain" : undefined)));
  });

  function holdsTight(page: string, plain: string): void {
    expect(page).not.toMatch(/<img|<script/i);
    for (const character of ["\u202e", "\u0000"]) expect(page).not.toContain(character);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)!.length).toBe(report.match(/<\/title>/g)!.length);
    expect(page).toContain("&lt;script&gt;");
    // The same elements as without the attack: nothing closed early, nothing was added.
    const tags = (text: string): string[] => [...text.matchAll(/<(\/?[a-z]+)/gi)].map((match) => match[1]!.toLowerCase());
    expect(tags(page)).toEqual(tags(plain));
  }

  it("tells how each node was decided, what was known, and what the user did", () => {
    const told = { ...view, cards: ["rank-card", "other-card"], plannerRetired: "It cost more than it earned.", rungCorrelation: { spearman: 0.81, n: 7 },
      nodes: view.nodes.map((node, at) => (at === 3 ? { ...node, decidedBy: "user" as const, hypothesisHeld: false, failures: [{ label: "not JSON", share: 0.25 }], decision: { ...decisionOf("because it rose"), known: { cards: ["rank-card"], nodes: ["n1"], hints: [], insights: [], promptCharacters: 900 } } } : node)) };
    const page = renderReport(told, [...journalOf("A claim."), { sequence: 4, time: "", event: { ...created, nodeId: view.nodes[3]!.id, answers: "s2" } }]);
    for (const text of ["How it was decided", "because it rose", "75 %", "25 %", "+2.0 ± 1.0", "90 %", "language model, 3.0 s and 70 tokens", "900 characters of prompt", "· you", "not JSON 25 %",
      "2 knowledge cards were at hand, and 1 of them", "A claim. (A claim., 2024, A claim.)", "Gave the hint: A claim.", `It became ${view.nodes[3]!.id}.`, "The house planner took over", "0.81 over 7 nodes", "did not hold", "of the time spent training"]) expect(page).toContain(text);
    // Without its journal the page says what still holds.
    expect(renderReport({ ...told, steering: { ...view.steering, pruned: ["n4"] } })).toContain("Cut off n4.");
  });

  it("shows a delivered prompt, its text and how to use it", () => {
    const id = view.delivery!.nodeId;
    const page = renderReport({ ...view, delivery: { ...view.delivery!, kind: "prompt", adapterPath: null, reason: "Surely better than bare." }, nodes: view.nodes.map((node) => (node.id === id ? { ...node, recipe: { ...node.recipe, training: null, prompt: { system: "Answer <exactly>.", fewShot: 3, shotSelection: "similar" as const } } } : node)) });
    for (const text of ["The base model is delivered with a prompt", "Answer &lt;exactly&gt;.", "3 worked examples from the training rows, those most like each question", "--as ollama", "--as lmstudio"]) expect(page).toContain(text);
    expect(page).not.toContain("--lora");
    expect(page).not.toContain("The fine-tuned model scores");
  });

  it("stays a page however long the run and its texts are", () => {
    const node = { ...view.nodes.at(-1)!, decision: { ...decisionOf("x".repeat(50_000)), host: Array.from({ length: 500 }, () => "y".repeat(5000)) } };
    const long = { ...view, nodes: [...view.nodes, ...Array.from({ length: 5000 }, (_, at) => ({ ...node, id: `m${at}`, parent: view.nodes[0]!.id }))] };
    const page = renderReport(long, journalOf("z".repeat(100_000)));
    expect(page.length).toBeLessThan(12e6);
    expect(page).toContain("later ones");
    expect(page).toContain(`<summary>${view.delivery!.nodeId} `);
  });

  it("says plainly that nothing was better", async () => {
    const page = renderReport(await finish({ quality: (_prompt, trained) => (trained === null ? 0.5 : 0.3) }));
    expect(page).toContain("The base model is delivered as it is");
    expect(page).toContain("Nothing that was trained beat the prompted base");
    expect(page).toContain("not measured");
    expect(page).not.toContain("--lora");
  });

  it("is a page for a run in any state", () => {
    expect(renderReport(emptyRun())).toContain("not finished");
  });
});

describe("writeReport", () => {
  let folder: string;
  beforeAll(async () => { folder = await mkdtemp(path.join(os.tmpdir(), "trex-report-")); });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes the page and says when it cannot", async () => {
    const file = path.join(folder, "report.html");
    expect((await writeReport(emptyRun(), file)).ok).toBe(true);
    expect(await readFile(file, "utf8")).toBe(renderReport(emptyRun()));
    const refused = await writeReport(emptyRun(), path.join(folder, "missing", "report.html"));
    expect(refused.ok ? "" : refused.error.message).toContain("report.html");
  });
});
