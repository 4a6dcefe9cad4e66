import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunView } from "../contract/index.js";
import { createSession, emptyRun } from "../session/index.js";
import { World, type WorldOptions } from "../../test/fixtures/session/world.js";
import { renderReport, writeReport } from "./index.js";

const never = new AbortController().signal;
const finish = (options: WorldOptions = {}): Promise<RunView> => createSession(new World({ ...options, task: { maxNodes: 12, ...options.task } }).dependencies()).run(never);

/** Every place of a view that untrusted text can reach: the model's name, data rows, agents, file names. */
function hostile(view: RunView, text: string): RunView {
  return {
    ...view, phase: text, warnings: [text],
    requirement: view.requirement === null ? null : { ...view.requirement, goal: text, modelName: text, modelPath: text, metricReason: text, dataPath: text },
    importReport: view.importReport === null ? null : { ...view.importReport, path: text, rejected: [{ reason: text, count: 1, firstRow: 1 }] },
    nodes: view.nodes.map((node) => ({ ...node, insight: text, plan: { ...node.plan, title: text, hypothesis: text, fallbackReason: text }, samples: [{ prompt: text, expected: text, answer: text, score: 1 }], secondary: { [text]: 1 }, failure: { class: "ENV" as const, code: "x", message: text, hint: text } })),
    regression: [{ name: text, base: 1, candidate: 1, passed: true, note: text }],
    delivery: view.delivery === null ? null : { ...view.delivery, reason: text, adapterPath: text },
  };
}

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
      expect(report).toContain(node.plan.title);
      expect(report).toContain(`${node.id}<`.slice(0, node.id.length));
      if (node.insight !== null) expect(report).toContain(node.insight);
      expect(report).toContain(`<summary>${node.id} `);
    }
  });

  it("shows hostile text as text", () => {
    const attack = `"><img src=x onerror=alert(1)></title></style><script>alert(2)</script>\u202e\u0000'`;
    const page = renderReport(hostile(view, attack));
    expect(page).not.toMatch(/<img|<script/i);
    for (const character of ["\u202e", "\u0000"]) expect(page).not.toContain(character);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page.match(/<\/title>/g)!.length).toBe(report.match(/<\/title>/g)!.length);
    expect(page).toContain("&lt;script&gt;");
    // The same elements as without the attack: nothing closed early, nothing was added.
    const tags = (text: string): string[] => [...text.matchAll(/<(\/?[a-z]+)/gi)].map((match) => match[1]!);
    expect(tags(page).filter((tag) => !["li", "/li", "ul", "/ul", "h3", "/h3", "dt", "/dt", "dd", "/dd", "table", "/table", "thead", "/thead", "tbody", "/tbody", "tr", "/tr", "td", "/td", "th", "/th", "div", "/div", "section", "/section", "h2", "/h2", "span", "/span", "pre", "/pre"].includes(tag)))
      .toEqual(tags(renderReport(hostile(view, "plain"))).filter((tag) => !["li", "/li", "ul", "/ul", "h3", "/h3", "dt", "/dt", "dd", "/dd", "table", "/table", "thead", "/thead", "tbody", "/tbody", "tr", "/tr", "td", "/td", "th", "/th", "div", "/div", "section", "/section", "h2", "/h2", "span", "/span", "pre", "/pre"].includes(tag)));
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
