import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createDocumentReader, type DocumentReader, type DocumentReaderOptions } from "./document-reader.js";

/** Real processes with scripts of the test's own in the reader's place: what the host does when a parser misbehaves. */
const folder = mkdtempSync(join(tmpdir(), "trex-reader-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
const readers: DocumentReader[] = [];
afterEach(() => { for (const reader of readers.splice(0)) reader.release(); });

let scripts = 0;
function readerRunning(script: string, options: DocumentReaderOptions = {}): DocumentReader {
  scripts += 1;
  const workerEntry = join(folder, `reader-${scripts}.mjs`);
  writeFileSync(workerEntry, `process.on("disconnect", () => process.exit(0));\n${script}`);
  const reader = createDocumentReader({ workerEntry, timeLimitMs: 5000, ...options });
  readers.push(reader);
  return reader;
}
const signal = (): AbortSignal => new AbortController().signal;
const bytes = new TextEncoder().encode("text");
const answer = "const give = (id) => process.send({ type: 'document', id, document: { title: String(process.pid), pages: [], hidden: [], warnings: [] }, reading: { claims: [], orders: 0, passages: [], passagesLeftOut: 0, aboutFineTuning: false } });";

describe("createDocumentReader", () => {
  it("hands the bytes over and the document back; one process serves several", async () => {
    const reader = readerRunning(`process.on("message", ({ id, kind, bytes }) => process.send({ type: "document", id, document: { title: kind + " " + bytes.length + " " + process.pid, pages: [{ number: 1, text: new TextDecoder().decode(bytes) }], hidden: [], warnings: [] }, reading: { claims: [], orders: 0, passages: [], passagesLeftOut: 0, aboutFineTuning: false } }));`);
    const [first, second] = await Promise.all([reader.read(bytes, "text", signal()), reader.read(bytes, "html", signal())]);
    expect(first).toMatchObject({ ok: true, value: { document: { title: expect.stringMatching(/^text 4 \d+$/u) as string, pages: [{ text: "text" }] } } });
    expect(first.ok && second.ok && first.value.document.title?.split(" ")[2] === second.value.document.title?.split(" ")[2]).toBe(true);
  });

  it("stops a document that keeps it busy, and reads the next in a new process", async () => {
    const reader = readerRunning(`${answer} process.on("message", ({ id, kind }) => { if (kind === "pdf") for (;;); give(id); });`, { timeLimitMs: 700 });
    expect(await reader.read(bytes, "pdf", signal())).toMatchObject({ ok: false, error: { class: "TIMEOUT", code: "document.too_slow" } });
    expect((await reader.read(bytes, "text", signal())).ok).toBe(true);
  });

  it("makes a sentence of a process that dies, and of one that runs out of memory", async () => {
    const reader = readerRunning(`${answer} process.on("message", ({ id, kind }) => { if (kind === "pdf") process.kill(process.pid, "SIGKILL"); if (kind === "html") { process.stderr.write("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\\n", () => process.abort()); return; } give(id); });`);
    expect(await reader.read(bytes, "pdf", signal())).toMatchObject({ ok: false, error: { class: "ENV", code: "document.reader_ended" } });
    expect(await reader.read(bytes, "html", signal())).toMatchObject({ ok: false, error: { class: "OOM", code: "document.too_much_memory" } });
    expect((await reader.read(bytes, "text", signal())).ok).toBe(true);
  });

  it("does not believe an answer of the wrong shape, or to another question", async () => {
    const wrong = readerRunning(`process.on("message", ({ id }) => process.send({ type: "document", id, document: { pages: "all" } }));`);
    expect(await wrong.read(bytes, "text", signal())).toMatchObject({ ok: false, error: { code: "document.bad_answer" } });
    const other = readerRunning(`process.on("message", ({ id }) => process.send({ type: "document", id: id + 7, document: { title: null, pages: [], hidden: [], warnings: [] }, reading: { claims: [], orders: 0, passages: [], passagesLeftOut: 0, aboutFineTuning: false } }));`);
    expect(await other.read(bytes, "text", signal())).toMatchObject({ ok: false, error: { code: "document.bad_answer" } });
  });

  it("stops at once when asked to, before and while reading", async () => {
    const reader = readerRunning(`process.on("message", () => { for (;;); });`, { timeLimitMs: 60_000 });
    const controller = new AbortController();
    const pending = reader.read(bytes, "text", controller.signal);
    const after = reader.read(bytes, "text", controller.signal);
    setTimeout(() => { controller.abort(); }, 300);
    expect(await pending).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
    expect(await after).toMatchObject({ ok: false, error: { class: "CANCELLED" } });
  });

  it("takes a new process after so many documents", async () => {
    const reader = readerRunning(`${answer} process.on("message", ({ id }) => give(id));`);
    const processes = new Set<string>();
    for (let index = 0; index < 30; index += 1) {
      const read = await reader.read(bytes, "text", signal());
      if (read.ok && read.value.document.title !== null) processes.add(read.value.document.title);
    }
    expect(processes.size).toBe(2);
  });
});
