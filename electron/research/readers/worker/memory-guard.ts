/**
 * A thread beside the parser's: it looks at the process's memory while the parser is too busy to, and ends the process
 * above the limit. V8's own heap limit does not see the buffers that a decompression bomb fills.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const everyMs = 25;
const { mostBytes } = workerData as { mostBytes: number };

setInterval(() => {
  if (process.memoryUsage.rss() <= mostBytes) return;
  writeSync(2, "out of memory: the document reader's limit\n");
  process.kill(process.pid, "SIGKILL");
}, everyMs);
