import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from "electron";
import { fail } from "../contract/index.js";
import type { App } from "../app/index.js";
import { isPageUrl } from "./navigation.js";

/** The two names the preload script knows as well; it must not import anything, so they are spelled there again. */
export const callChannel = "trex:call";
export const pushChannel = "trex:push";

/** Calls come from our page's main frame or not at all; the router checks what they say. */
export function connectBridge(app: Pick<App, "router" | "push">, window: BrowserWindow): () => void {
  ipcMain.handle(callChannel, async (event, channel: unknown, request: unknown) => {
    if (!isOwnSender(event, window) || typeof channel !== "string") return fail("CONFIG", "api.refused", "This page is not allowed to talk to TREX.");
    return await app.router.handle(channel, request);
  });
  const unsubscribe = app.push.subscribe((push) => {
    if (!window.isDestroyed()) window.webContents.send(pushChannel, push);
  });
  return () => {
    unsubscribe();
    ipcMain.removeHandler(callChannel);
  };
}

function isOwnSender(event: IpcMainInvokeEvent, window: BrowserWindow): boolean {
  const frame = event.senderFrame;
  return frame !== null && event.sender === window.webContents && frame === window.webContents.mainFrame && isPageUrl(frame.url);
}
