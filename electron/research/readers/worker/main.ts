/** The document reader: a process that can be killed at any moment, without network, with a memory limit of its own. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { readPages } from "../../quarantine/reading.js";
import { readDocument } from "../read-document.js";
import { toReaderSchema, type FromReader } from "./protocol.js";
import { sealNetwork } from "./seal.js";

/** A thousand-page PDF takes a quarter of this. */
const mostBytes = 1 << 30;

interface ParentPort {
  on(event: "message", listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}
const parentPort = (process as { parentPort?: ParentPort }).parentPort;

function send(message: FromReader): void {
  if (parentPort !== undefined) parentPort.postMessage(message);
  else process.send?.(message);
}

async function receive(raw: unknown): Promise<void> {
  const { id, kind, bytes } = toReaderSchema.parse(raw);
  const result = await readDocument(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), kind);
  send(result.ok ? { type: "document", id, document: result.value, reading: readPages(result.value.pages) } : { type: "failure", id, failure: result.error });
}

sealNetwork();
const guard = fileURLToPath(new URL("./memory-guard.js", import.meta.url));
if (existsSync(guard)) new Worker(guard, { workerData: { mostBytes: Number(process.env.TREX_READER_BYTES ?? mostBytes) } }).unref();

if (parentPort !== undefined) parentPort.on("message", (event) => { void receive(event.data); });
else {
  process.on("message", (message) => { void receive(message); });
  process.on("disconnect", () => { process.kill(process.pid, "SIGKILL"); });
}
