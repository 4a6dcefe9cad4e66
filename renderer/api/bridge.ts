import type { Api } from "../contract.js";
import type { Connection } from "./connection.js";

declare global {
  interface Window {
    /** Set by Electron's preload script; absent in a browser. */
    readonly trex?: Api;
  }
}

/** Inside Electron the host cannot go away without the window going with it. */
export function bridgeConnection(api: Api): Connection {
  return {
    call: (name, request) => api.call(name, request),
    subscribe: (listener) => api.subscribe(listener),
    watchConnection(listener) {
      listener("open");
      return () => undefined;
    },
  };
}
