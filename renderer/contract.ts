/** The one door to the host: everything the page knows about it comes through here. */
export * from "../electron/contract/index.js";
