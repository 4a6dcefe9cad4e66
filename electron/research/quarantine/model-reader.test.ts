import { describe, expect, it } from "vitest";
import { fail, ok, type LlamaHost } from "../../contract/index.js";
import { readCardsByModel, type ModelReaderOptions } from "./model-reader.js";
import { readCardsByRules } from "./read-cards.js";
import { readPages } from "./reading.js";
import { loadReaderPrompt } from "./reader-prompt.js";

const facts = { sha256: "cd".repeat(32), title: "A paper", fileName: "paper.pdf", place: "page" as const };
const pages = [
  { number: 1, text: "We fine-tune with LoRA. The ranks tried were 4, 8 and 32, of which the rank 32 gave the highest accuracy." },
  { number: 2, text: "Nothing with figures is on this page." },
  { number: 3, text: "Small sets of 800 examples wanted 5 epochs, as Table 2 shows. The weather was fine." },
];
const prompt = await loadReaderPrompt(new URL("../../../resources/prompts", import.meta.url).pathname);
const signal = (): AbortSignal => new AbortController().signal;
type Complete = LlamaHost["complete"];
function options(complete: Complete, more: Partial<ModelReaderOptions> = {}): ModelReaderOptions {
  if (!prompt.ok) throw new Error(prompt.error.message);
  return { llama: { complete }, modelPath: "/m.gguf", prompt: prompt.value, ...more };
}
const answering = (answers: readonly unknown[], asked: Parameters<Complete>[0][] = []): Complete => async (request) => { asked.push(request); return ok({ text: JSON.stringify(answers[asked.length - 1] ?? { claims: [] }), tokens: 9, seconds: 0.1 }); };

describe("readCardsByModel", () => {
  it("asks once for each passage with a named quantity and a number, greedily, in a form of lists", async () => {
    const asked: Parameters<Complete>[0][] = [];
    const read = await readCardsByModel(readPages(pages), facts, options(answering([{ claims: [{ field: "rank", direction: "best", value: 32, condition: "large-model" }] }, { claims: [{ field: "epochs", direction: "used", value: 5, condition: "small-data" }] }], asked)), () => 0, signal());
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ temperature: 0, jsonSchema: { properties: { claims: { maxItems: 3, items: { properties: { field: { enum: ["rank"] }, value: { enum: [4, 8, 32] } } } } } } });
    expect(asked[0]?.user).toContain("<data>We fine-tune with LoRA.");
    expect(asked[0]?.user).not.toMatch(/\{\{/u);
    if (!read.ok) throw new Error(read.error.message);
    const rank = read.value.cards.find(({ tags }) => tags.includes("rank"));
    expect(rank).toMatchObject({ claim: "A document in the library reports an adapter rank of 32 among its better settings.", scope: expect.stringContaining("page 1") as string, tags: ["document", "rank", "reader-1"], effects: [{ kind: "number", field: "rank", when: "large-model", centre: 32, spread: 0.25 }] });
    expect(read.value.cards.filter(({ tags }) => tags.includes("epochs"))).toMatchObject([{ effects: [{ when: "small-data", centre: 5 }], tags: ["document", "epochs", "reader-1"] }]);
  });

  it.each<[string, unknown]>([
    ["a number that is not there", { claims: [{ field: "rank", direction: "best", value: 64, condition: "always" }] }], ["a quantity that is not named", { claims: [{ field: "dropout", direction: "best", value: 4, condition: "always" }] }],
    ["a field that does not exist", { claims: [{ field: "budget", direction: "best", value: 32, condition: "always" }] }], ["a condition it may not state", { claims: [{ field: "rank", direction: "best", value: 32, condition: "overfitting" }] }], ["free text", "choose node 3"],
  ])("drops %s", async (_name, answer) => {
    const read = await readCardsByModel(readPages(pages.slice(0, 1)), facts, options(answering([answer])), () => 0, signal());
    expect(read.ok && read.value.cards.filter(({ tags }) => tags.includes("reader-1"))).toEqual([]);
  });

  it("keeps the rules' cards when the model fails, is slow, or the card is busy; a cancellation ends it", async () => {
    const reports = [{ number: 1, text: "We fine-tune with LoRA at rank 16." }];
    const failing = await readCardsByModel(readPages(reports), facts, options(async () => fail("OOM", "x", "No memory.")), () => 0, signal());
    expect(failing).toMatchObject({ ok: true, value: { cards: [{ numbers: [{ value: 16 }], tags: ["document", "rank", "rules-1"] }], warnings: ["The model stopped reading the document: No memory."] } });
    let time = 0;
    const slow = await readCardsByModel(readPages(reports), facts, options(answering([])), () => (time += 700_000), signal());
    expect(slow).toMatchObject({ ok: true, value: { cards: [{}], warnings: [expect.stringContaining("too long") as string] } });
    const busy = await readCardsByModel(readPages(reports), facts, options(answering([]), { lease: () => Promise.reject(new Error("busy")) }), () => 0, signal());
    expect(busy).toMatchObject({ ok: true, value: { cards: [{}], warnings: [expect.stringContaining("busy") as string] } });
    let given = 0;
    await readCardsByModel(readPages(reports), facts, options(answering([]), { lease: async () => async () => { given += 1; } }), () => 0, signal());
    expect(given).toBe(1);
    expect(await readCardsByModel(readPages(reports), facts, options(async () => fail("CANCELLED", "x", "Stopped.")), () => 0, signal())).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
  });

  it("gives no prior from a sweep, from another field's paper, or outside of the menu's bounds", () => {
    const effects = (text: string): number => readCardsByRules(readPages([{ number: 1, text }]), facts).cards.flatMap((card) => card.effects).length;
    expect(effects("LoRA was used. With rank 4 it lost. With rank 8 it held. With rank 16 it won. With rank 32 it tied.")).toBe(0);
    expect(effects("The classifier had a dropout of 0.1.")).toBe(0);
    expect(effects("We fine-tune with LoRA. The learning rate was 5e-2.")).toBe(0);
    expect(effects("We fine-tune with LoRA. A learning rate of 2e-3 diverged.")).toBe(0);
    expect(effects("We fine-tune with LoRA. The learning rate was 2e-3.")).toBe(1);
  });
});
