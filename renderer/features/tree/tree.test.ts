import { describe, expect, it } from "vitest";
import { nodeStatuses, verdicts } from "../../contract.js";
import { makeNode } from "../../testing/make-node.js";
import { cardSize, layoutTree } from "./layout.js";
import { gridMove, neighbourOf } from "./navigation.js";
import { markFacts, marksOf } from "./node-marks.js";
import { nodeState, scoreOf } from "./node-state.js";
import { depthFirst, indexTree, pathTo } from "./tree-index.js";
import { fitViewport, revealViewport } from "./viewport.js";

/** a ─┬─ b ─┬─ d
 *     │     └─ e
 *     └─ c ─── f      and g, a second root */
const nodes = [["a", null], ["b", "a"], ["c", "a"], ["d", "b"], ["e", "b"], ["f", "c"], ["g", null]].map(([id, parent]) => makeNode({ id: id!, parent: parent ?? null }));
const index = indexTree(nodes);

describe("the index", () => {
  it("knows roots, order, depth and paths", () => {
    expect(index.roots).toEqual(["a", "g"]);
    expect(depthFirst(index)).toEqual(["a", "b", "d", "e", "c", "f", "g"]);
    expect(index.depthOf("f")).toBe(2);
    expect(pathTo(index, "e")).toEqual(["a", "b", "e"]);
    expect(pathTo(index, "nobody")).toEqual([]);
  });
  it("makes a root of a node whose parent is missing", () => {
    expect(indexTree([makeNode({ id: "x", parent: "gone" })]).roots).toEqual(["x"]);
  });
});

describe("the layout", () => {
  const { placed, width, height } = layoutTree(index);
  it("places every node once and lets no two cards touch", () => {
    expect(placed.map((place) => place.id).sort()).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
    for (const one of placed) for (const other of placed) {
      if (one === other) continue;
      expect(Math.abs(one.x - other.x) >= cardSize.width || Math.abs(one.y - other.y) >= cardSize.height).toBe(true);
    }
  });
  it("puts children to the right of their parent, and starts at 0, 0", () => {
    const x = (id: string): number => placed.find((place) => place.id === id)!.x;
    expect(x("a")).toBe(0);
    expect(x("g")).toBe(0);
    expect(x("d")).toBeGreaterThan(x("b"));
    expect(Math.min(...placed.map((place) => place.y))).toBe(0);
    expect(width).toBe(Math.max(...placed.map((place) => place.x)) + cardSize.width);
    expect(height).toBeGreaterThan(cardSize.height);
  });
  it("is empty for an empty tree", () => {
    expect(layoutTree(indexTree([]))).toEqual({ placed: [], width: 0, height: 0 });
  });
  it("lays out a thousand nodes without a stack overflow or an overlap in a column", () => {
    const many = Array.from({ length: 1000 }, (_, at) => makeNode({ id: `n${at}`, parent: at === 0 ? null : `n${Math.floor((at - 1) / 3)}` }));
    const { placed: drawn } = layoutTree(indexTree(many));
    for (const x of new Set(drawn.map((place) => place.x))) {
      const tops = drawn.filter((place) => place.x === x).map((place) => place.y).sort((a, b) => a - b);
      tops.slice(1).forEach((top, at) => expect(top - tops[at]!).toBeGreaterThanOrEqual(cardSize.height));
    }
  });
});

describe("the view of the drawing", () => {
  const layout = { placed: [{ id: "a", x: 0, y: 0 }, { id: "z", x: 3000, y: 1500 }], width: 3000 + cardSize.width, height: 1500 + cardSize.height };
  const view = { width: 900, height: 500 };
  it("shows a small tree whole, at full size and centred", () => {
    const small = { placed: [{ id: "a", x: 0, y: 0 }], width: cardSize.width, height: cardSize.height };
    expect(fitViewport(small, undefined, view, false)).toEqual({ x: (900 - cardSize.width) / 2, y: (500 - cardSize.height) / 2, zoom: 1 });
  });
  it("keeps a large tree readable around the selected card, and shows it whole on demand", () => {
    const near = fitViewport(layout, layout.placed[1], view, false);
    expect(near.zoom).toBeGreaterThan(0.7);
    expect(3000 * near.zoom + near.x).toBeLessThan(900);
    expect(fitViewport(layout, undefined, view, true).zoom).toBeLessThan(0.32);
  });
  it("moves just far enough to show a card, and not at all when it is in sight", () => {
    expect(revealViewport({ id: "a", x: 100, y: 100 }, { x: 0, y: 0, zoom: 1 }, view)).toEqual({ x: 0, y: 0, zoom: 1 });
    expect(revealViewport({ id: "a", x: 800, y: 100 }, { x: 0, y: 0, zoom: 1 }, view).x).toBe(900 - 20 - 800 - cardSize.width);
  });
});

describe("arrow keys in the drawing", () => {
  it.each([["b", "ArrowLeft", "a"], ["a", "ArrowLeft", null], ["a", "ArrowRight", "b"], ["d", "ArrowRight", null], ["b", "ArrowDown", "c"], ["e", "ArrowDown", "f"], ["f", "ArrowUp", "e"], ["a", "ArrowDown", "g"], ["d", "Home", "a"], ["a", "End", "g"], ["a", "x", null]])("%s %s leads to %s", (from, key, to) => {
    expect(neighbourOf(index, from, key)).toBe(to);
  });
});

describe("arrow keys in the list", () => {
  const isOpen = (id: string): boolean => id !== "c";
  it.each([
    ["d", "ArrowDown", { type: "focus", id: "e" }],
    ["c", "ArrowDown", { type: "focus", id: "g" }],
    ["c", "ArrowRight", { type: "open", id: "c" }],
    ["b", "ArrowRight", { type: "focus", id: "d" }],
    ["b", "ArrowLeft", { type: "close", id: "b" }],
    ["d", "ArrowLeft", { type: "focus", id: "b" }],
    ["a", "ArrowUp", null],
  ])("%s %s: %j", (from, key, move) => {
    expect(gridMove(index, isOpen, from, key)).toEqual(move);
  });
});

describe("a node's state", () => {
  it("has its own words for every status and verdict", () => {
    const states = [...nodeStatuses.filter((status) => status !== "done").map((status) => nodeState({ status, verdict: null, failure: null })), ...verdicts.map((verdict) => nodeState({ status: "done", verdict, failure: null }))];
    expect(new Set(states.map((state) => state.label)).size).toBe(states.length);
    expect(states.every((state) => state.hint.endsWith("."))).toBe(true);
  });
  it("marks a score that rests on the short trial only", () => {
    const pilot = { score: 0.4, ci: [0.3, 0.5] as [number, number], n: 20 };
    expect(scoreOf({ score: null, pilot })).toEqual({ estimate: pilot, pilotOnly: true });
    expect(scoreOf({ score: null, pilot: null })).toBeNull();
  });
});

describe("marks", () => {
  const training = { learningRate: 0.0003, rank: 16, alpha: 32, targets: "all", epochs: 2, schedule: "cosine", warmupFraction: 0.05, weightDecay: 0, dropout: 0, tokensPerStep: 2048, maxSequenceTokens: 256, ranks: {}, warmStartFrom: null } as const;
  const prompt = { system: null, fewShot: 0, shotSelection: "fixed" } as const;
  const trained = (id: string, parent: string | null, over: object = {}): ReturnType<typeof makeNode> => makeNode({ id, parent, recipe: { data: [], prompt, training: { ...training, ...over }, seed: 1 } });
  const marked = [
    makeNode({ id: "base", kind: "baseline" }),
    trained("a", "base"), trained("b", "a", { rank: 8 }), trained("c", "b", { warmStartFrom: "b", rank: 8 }), trained("d", "base", { rank: 8 }),
    makeNode({ id: "p", parent: "base", decidedBy: "user", recipe: { data: [], prompt: { ...prompt, fewShot: 2 }, training: null, seed: 1 } }),
  ];
  const facts = markFacts(indexTree(marked), { pinned: ["d"], pruned: ["a"], hints: [], branches: [] });
  const names = (id: string): string[] => marksOf(marked.find((node) => node.id === id)!, facts).map((mark) => mark.name);
  it("tell what the user did, and what a node is", () => {
    expect(names("base")).toEqual([]);
    expect(names("a")).toEqual(["pruned"]);
    expect(names("b")).toEqual(["below-pruned"]);
    expect(names("c")).toEqual(["below-pruned", "continued"]);
    expect(names("d")).toEqual(["pinned", "same-recipe"]);
    expect(names("p")).toEqual(["user-made", "prompt"]);
    expect(facts.sameRecipeAs.get("d")).toBe("b");
  });
  it("see the same recipe whatever the order of its fields", () => {
    const [one, two] = [trained("x", null), trained("y", null)];
    const turned = { ...two, recipe: { seed: 1, training: two.recipe.training, prompt, data: [] } };
    expect(markFacts(indexTree([one, turned]), { pinned: [], pruned: [], hints: [], branches: [] }).sameRecipeAs.get("y")).toBe("x");
  });
});
