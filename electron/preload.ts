import { contextBridge, ipcRenderer } from "electron";
import type { Api, Push } from "./contract/index.js";

/** Spelled as in shell/bridge.ts: a sandboxed preload script may require nothing but electron. */
const callChannel = "trex:call";
const pushChannel = "trex:push";

/** All the page gets: one function to call the contract's channels, one to listen. Never ipcRenderer itself. */
const api: Api = {
  // The host's router checked the answer against the channel's schema; which one it is cannot be told in types here.
  call: (name, request) => ipcRenderer.invoke(callChannel, name, request) as Promise<never>,
  subscribe(listener) {
    const receive = (_event: unknown, push: Push): void => { listener(push); };
    ipcRenderer.on(pushChannel, receive);
    return () => void ipcRenderer.removeListener(pushChannel, receive);
  },
};
contextBridge.exposeInMainWorld("trex", api);
