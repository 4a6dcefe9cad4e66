import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { err, fail, ok, type Failure, type Result } from "../../contract/index.js";
import { startNodeWorker, type StartWorker, type WorkerProcess } from "../../models/index.js";
import type { Reading } from "../quarantine/reading.js";
import type { DocumentKind } from "./document-kind.js";
import type { ExtractedDocument } from "./extracted-document.js";
import { fromReaderSchema, type ToReader } from "./worker/protocol.js";

/** The text a person sees, and what was found in it. */
export interface ReadDocument {
  readonly document: ExtractedDocument;
  readonly reading: Reading;
}

export interface DocumentReader {
  /** One document at a time; more wait. Whatever the document does, this settles within the time limit. */
  read(bytes: Uint8Array, kind: DocumentKind, signal: AbortSignal): Promise<Result<ReadDocument>>;
  /** Ends the process; the next `read` starts another. */
  release(): void;
}

export interface DocumentReaderOptions {
  /** Electron hands in its own way of starting a process. */
  readonly startWorker?: StartWorker;
  readonly workerEntry?: string;
  readonly timeLimitMs?: number;
  /** Resident memory of the reader's process. */
  readonly mostBytes?: number;
}

/** A thousand pages take ten seconds on a slow machine. */
const defaultTimeLimitMs = 60_000;
/** A fresh process now and then: what one document leaves behind in a parser must not add up. */
const documentsOfProcess = 25;

export function createDocumentReader(options: DocumentReaderOptions = {}): DocumentReader {
  const timeLimitMs = options.timeLimitMs ?? defaultTimeLimitMs;
  let running: { readonly process: WorkerProcess; documents: number; ended: string | null } | null = null;
  let settleCurrent: ((raw: unknown) => void) | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let nextId = 1;

  const release = (): void => {
    const old = running;
    running = null;
    old?.process.kill();
  };

  const start = (): NonNullable<typeof running> => {
    if (running !== null && running.documents < documentsOfProcess) return running;
    release();
    const made = { process: (options.startWorker ?? startNodeWorker)(options.workerEntry ?? defaultReaderEntry(), options.mostBytes === undefined ? {} : { TREX_READER_BYTES: String(options.mostBytes) }), documents: 0, ended: null as string | null };
    made.process.onMessage((raw) => { if (running === made) settleCurrent?.(raw); });
    made.process.onExit((how) => {
      made.ended = how;
      if (running !== made) return;
      running = null;
      settleCurrent?.(null);
    });
    running = made;
    return made;
  };

  const readOne = (bytes: Uint8Array, kind: DocumentKind, signal: AbortSignal): Promise<Result<ReadDocument>> => new Promise((resolve) => {
    if (signal.aborted) { resolve(err(cancelled)); return; }
    const worker = start();
    worker.documents += 1;
    const id = nextId++;
    const settle = (result: Result<ReadDocument>, andEnd: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      settleCurrent = null;
      if (andEnd) release();
      resolve(result);
    };
    const abort = (): void => { settle(err(cancelled), true); };
    const timer = setTimeout(() => {
      settle(fail("TIMEOUT", "document.too_slow", `The document was not read within ${Math.round(timeLimitMs / 1000)} seconds, and reading it was stopped.`, "It may be damaged, or made to keep a reader busy. Save it in a simpler form."), true);
    }, timeLimitMs);
    signal.addEventListener("abort", abort, { once: true });
    settleCurrent = (raw) => {
      if (raw === null) { settle(err(deathOf(worker.process.stderrTail(), worker.ended ?? "")), true); return; }
      const message = fromReaderSchema.safeParse(raw);
      if (!message.success || message.data.id !== id) { settle(fail("INTERNAL", "document.bad_answer", "The document reader sent an answer of the wrong shape.", "Please report this."), true); return; }
      settle(message.data.type === "document" ? ok({ document: message.data.document, reading: message.data.reading }) : err(message.data.failure), false);
    };
    worker.process.send({ id, kind, bytes } satisfies ToReader);
  });

  return {
    release,
    read(bytes, kind, signal) {
      const mine = queue.then(() => readOne(bytes, kind, signal));
      queue = mine;
      return mine;
    },
  };
}

const cancelled: Failure = { class: "CANCELLED", code: "document.cancelled", message: "Reading the document was stopped on request.", hint: "" };

function deathOf(stderr: string, how: string): Failure {
  const isMemory = /out of memory|heap limit/iu.test(stderr);
  return {
    class: isMemory ? "OOM" : "ENV", code: isMemory ? "document.too_much_memory" : "document.reader_ended",
    message: isMemory ? "The document needs more memory than a document should, and reading it was stopped." : `The document reader ended in the middle of the document (${how}).`,
    hint: "It may be damaged, or made to do that. Save it in a simpler form.",
  };
}

/** When the sources run directly (tests), the compiled worker lies under dist. */
export function defaultReaderEntry(): string {
  const beside = fileURLToPath(new URL("./worker/main.js", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../../dist/electron/research/readers/worker/main.js", import.meta.url));
}
