import { existsSync } from "node:fs";
import path from "node:path";
import { newToken } from "../serve/access.js";
import { startServer } from "../serve/http-server.js";
import { openBrowser } from "../serve/open-browser.js";
import { refuse, usageFailure, type Command } from "./command.js";

export const serveCommand: Command = {
  name: "serve",
  summary: "open the app in a browser on this computer",
  usage: "serve [--port N] [--open] [--run ID] [--json]",
  details: ["--port N   default: any free port", "--open     open the browser", "--run ID   open on this run", "Listens on 127.0.0.1 only. The address holds a token; without it nothing is answered."],
  example: "trex serve --open",
  options: { port: { type: "string" }, open: { type: "boolean" }, run: { type: "string" } },
  positionals: { least: 0, most: 0 },
  async run(context) {
    const port = context.values.whole("port");
    if (!port.ok) return refuse(context, port.error);
    if ((port.value ?? 0) > 65_535) return refuse(context, usageFailure("--port must be at most 65535."));
    const app = context.app();
    if (!existsSync(path.join(app.places.renderer, "index.html"))) {
      return refuse(context, { class: "ENV", code: "serve.no_page", message: "The screens are not built.", hint: "Run npm run bootstrap, then try again." });
    }
    const token = newToken();
    const server = await startServer({ router: app.router, push: app.push, pageFolder: app.places.renderer, token, port: port.value ?? 0, onBug: app.reportBug });
    if (!server.ok) return refuse(context, server.error);
    const run = context.values.text("run");
    const url = `${server.value.origin}/#token=${token}${run === undefined ? "" : `&run=${encodeURIComponent(run)}`}`;
    if (context.json) context.output.json({ url, port: server.value.port });
    else context.output.result(url);
    context.output.note("Open the address above in a browser on this computer. Ctrl+C ends the app; runs that work are interrupted and can be resumed.");
    if (context.values.flag("open")) openBrowser(url);
    const stopWatching = app.runs.watchOthers();
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener("abort", () => { resolve(); }, { once: true });
    });
    stopWatching();
    await server.value.close();
    return 0;
  },
};
