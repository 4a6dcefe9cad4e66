import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { fail, ok, type Result } from "../../contract/index.js";
import type { PushHub } from "../push-hub.js";
import type { Router } from "../router.js";
import { bearerOf, isOwnPage, isToken } from "./access.js";
import { streamEvents } from "./event-stream.js";
import { readStatic, safeHeaders } from "./static-files.js";

export interface ServerOptions {
  readonly router: Router;
  readonly push: PushHub;
  readonly pageFolder: string;
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
  readonly onBug: (error: unknown) => void;
}

export interface RunningServer {
  readonly port: number;
  readonly origin: string;
  close(): Promise<void>;
}

const longestBodyBytes = 1024 * 1024;
const mostStreams = 32;

/** The app for a browser on this computer: bound to 127.0.0.1 only, every call with the token, every answer with a strict policy. */
export async function startServer(options: ServerOptions): Promise<Result<RunningServer>> {
  const streams = new Set<() => void>();
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 }, (request, response) => {
    answer(options, portOf(server), streams, request, response).catch((error: unknown) => {
      options.onBug(error);
      refuse(response, 500, "Something went wrong that should not.");
    });
  });
  const listening = await listen(server, options.port);
  if (!listening.ok) return listening;
  const port = portOf(server);
  return ok({
    port,
    origin: `http://127.0.0.1:${port}`,
    async close() {
      for (const stop of streams) stop();
      const closed = new Promise<void>((resolve) => server.close(() => { resolve(); }));
      server.closeIdleConnections();
      // A browser may keep a connection open that has nothing to say; it does not hold up the end.
      setTimeout(() => { server.closeAllConnections(); }, 500).unref();
      await closed;
    },
  });
}

async function answer(options: ServerOptions, port: number, streams: Set<() => void>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOwnPage(request.headers, port)) { refuse(response, 403, "This server talks to its own page only."); return; }
  const url = new URL(request.url ?? "/", `http://127.0.0.1:${port}`);
  if (url.pathname === "/api/events" && request.method === "GET") {
    // EventSource cannot set headers, so here the token travels in the query; nothing logs it and it never leaves the machine.
    if (!isToken(url.searchParams.get("token") ?? bearerOf(request.headers), options.token)) { refuse(response, 401, "The token is missing or wrong."); return; }
    if (streams.size >= mostStreams) { refuse(response, 503, "Too many pages are open."); return; }
    const stop = streamEvents(options.push, request, response);
    streams.add(stop);
    request.on("close", () => streams.delete(stop));
    return;
  }
  if (url.pathname.startsWith("/api/")) { await answerCall(options, url.pathname.slice("/api/".length), request, response); return; }
  if (request.method !== "GET" && request.method !== "HEAD") { refuse(response, 405, "Only GET is answered here."); return; }
  const file = await readStatic(options.pageFolder, url.pathname);
  if (file === null) { refuse(response, 404, "There is no such file."); return; }
  response.writeHead(200, { ...safeHeaders, "Content-Type": file.type, "Content-Length": file.bytes.length }).end(request.method === "HEAD" ? undefined : file.bytes);
}

async function answerCall(options: ServerOptions, channel: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") { refuse(response, 405, "Calls are sent with POST."); return; }
  if (!isToken(bearerOf(request.headers), options.token)) { refuse(response, 401, "The token is missing or wrong."); return; }
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) { refuse(response, 415, "Calls are JSON."); return; }
  const body = await readBody(request);
  if (body === null) { refuse(response, 413, `A call has at most ${longestBodyBytes} bytes.`); return; }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    refuse(response, 400, "The call is not valid JSON."); return;
  }
  const envelope = await options.router.handle(channel, value);
  sendJson(response, 200, envelope);
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.setHeader("Connection", "close");
  sendJson(response, status, fail("CONFIG", `http.${status}`, message));
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...safeHeaders, "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

async function listen(server: Server, port: number): Promise<Result<void>> {
  return await new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE"
        ? fail("ENV", "serve.port_taken", `Port ${port} is taken by another program.`, "Leave --port out to get a free one.")
        : fail("ENV", "serve.cannot_listen", `The server cannot listen on 127.0.0.1:${port}: ${error.message}.`, "Leave --port out to get a free one."));
    });
    server.listen(port, "127.0.0.1", () => { resolve(ok(undefined)); });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
