import { BrowserWindow, shell } from "electron";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isPageUrl, mayOpenOutside, pageOrigin } from "./navigation.js";

const preload = fileURLToPath(new URL("../preload.cjs", import.meta.url));

/** The one window: sandboxed, isolated, bound to its own page. */
export function openWindow(options: { fragment: string; developer: boolean; icon: string }): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440, height: 900, minWidth: 720, minHeight: 480, show: false, title: "TREX Desktop", ...(existsSync(options.icon) ? { icon: options.icon } : {}),
    webPreferences: {
      preload, sandbox: true, contextIsolation: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false,
      webSecurity: true, allowRunningInsecureContent: false, webviewTag: false, spellcheck: false, devTools: options.developer,
    },
  });
  window.once("ready-to-show", () => { window.show(); });
  void window.loadURL(`${pageOrigin}/${options.fragment}`);
  return window;
}

/** For every web contents there ever is, whoever makes it. */
export function confine(contents: Electron.WebContents): void {
  const stay = (event: { preventDefault(): void }, url: string): void => {
    if (!isPageUrl(url)) event.preventDefault();
  };
  contents.on("will-navigate", (event) => { stay(event, event.url); });
  contents.on("will-redirect", (event) => { stay(event, event.url); });
  contents.on("will-frame-navigate", (event) => {
    // The report is shown in a sandboxed frame made from text; that needs no navigation of its own.
    if (event.url !== "about:srcdoc") stay(event, event.url);
  });
  contents.on("will-attach-webview", (event) => { event.preventDefault(); });
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url)) void shell.openExternal(url);
    return { action: "deny" };
  });
}
