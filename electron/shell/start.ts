import { app, dialog, session, utilityProcess, type BrowserWindow } from "electron";
import path from "node:path";
import { createApp, writeCrashLog, type App } from "../app/index.js";
import { utilityProcessStarter } from "../models/index.js";
import { connectBridge } from "./bridge.js";
import { setMenu } from "./menu.js";
import { startFragment } from "./navigation.js";
import { declarePageScheme, servePage } from "./page-protocol.js";
import { denyNetwork, denyPermissions } from "./permissions.js";
import { stayAwakeDuringRuns } from "./stay-awake.js";
import { confine, openWindow } from "./window.js";

const appId = "dev.trex.desktop";

/** Electron's life cycle around the app. Everything the app itself does lies in `app/` and runs without Electron, too. */
export function start(): void {
  app.setAppUserModelId(appId);
  app.enableSandbox();
  declarePageScheme();
  // A second start shows the first one's window instead: two hosts must not share runs.
  if (!app.requestSingleInstanceLock()) { app.quit(); return; }

  const trex = createApp({
    environment: process.env,
    resourcesPath: app.isPackaged ? process.resourcesPath : null,
    startWorker: utilityProcessStarter(utilityProcess),
  });
  reportBugs(trex);
  app.on("web-contents-created", (_event, contents) => { confine(contents); });
  app.on("window-all-closed", () => { app.quit(); });
  void app.whenReady().then(() => { open(trex); });
}

function open(trex: App): void {
  const developer = !app.isPackaged;
  denyPermissions(session.defaultSession);
  denyNetwork(session.defaultSession);
  servePage(trex.places.renderer);
  setMenu({ developer, home: trex.places.home });
  const window = openWindow({ fragment: startFragment(process.argv), developer, icon: path.join(trex.places.icons, "icon.png") });
  const disconnect = connectBridge(trex, window);
  const letSleep = stayAwakeDuringRuns(trex.runs);
  const stopWatching = trex.runs.watchOthers();
  app.on("second-instance", () => { show(window); });
  endCleanly(trex, () => {
    disconnect();
    letSleep();
    stopWatching();
  });
}

function show(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** Quitting interrupts the runs and waits for their journals; they can be resumed. */
function endCleanly(trex: App, before: () => void): void {
  let ended = false;
  app.on("before-quit", (event) => {
    if (ended) return;
    event.preventDefault();
    before();
    void trex.dispose().finally(() => {
      ended = true;
      app.quit();
    });
  });
}

function reportBugs(trex: App): void {
  const report = (error: unknown): void => {
    const log = writeCrashLog(trex.places.logs, error);
    dialog.showErrorBox("Something went wrong that should not", `Finished experiments are kept. The details are in ${log}.`);
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
}
