import type { IncomingMessage, ServerResponse } from "node:http";
import type { Push } from "../../contract/index.js";
import type { PushHub } from "../push-hub.js";
import { safeHeaders } from "./static-files.js";

const heartbeatMs = 15_000;
const reconnectMs = 1_000;
/** A page that reads nothing for so long that this much waits is cut off; it reconnects and loads the state again. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** Server-sent events: every push with its number as the event's id, and a comment now and then so that dead lines show. */
export function streamEvents(hub: PushHub, request: IncomingMessage, response: ServerResponse): () => void {
  response.writeHead(200, { ...safeHeaders, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
  response.write(`retry: ${reconnectMs}\n\n`);
  const send = (push: Push): void => {
    response.write(`id: ${push.sequence}\ndata: ${JSON.stringify(push)}\n\n`);
    if (response.writableLength > mostWaitingBytes) response.destroy();
  };
  const unsubscribe = hub.subscribe(send);
  const heartbeat = setInterval(() => response.write(": still here\n\n"), heartbeatMs);
  const stop = (): void => {
    clearInterval(heartbeat);
    unsubscribe();
    response.end();
  };
  request.on("close", stop);

  // The page says which push it saw last. If there were others since, one more makes it see the gap now and not at the
  // next event, which may be minutes away.
  const lastSeen = request.headers["last-event-id"];
  if (typeof lastSeen === "string" && lastSeen !== String(hub.sequence())) hub.send({ type: "runs-changed" });
  return stop;
}
