export { cleanText } from "./clean-text.js";
export { createOnline, defaultBaseUrls, requestIntervalMs, type BaseUrls, type Online, type OnlineOptions } from "./create-online.js";
export { offlineFailure } from "./fetch-text.js";
export type { FoundDataset } from "./hugging-face.js";
