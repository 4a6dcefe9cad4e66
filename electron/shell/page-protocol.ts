import { protocol } from "electron";
import { readStatic, safeHeaders } from "../app/index.js";
import { isPageUrl, pageScheme } from "./navigation.js";

/** Must run before the app is ready: a scheme's rights cannot be changed later. */
export function declarePageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

/** The same files with the same policy as `trex serve`; GET only, our host only, inside the page's folder only. */
export function servePage(folder: string): void {
  protocol.handle(pageScheme, async (request) => {
    if (request.method !== "GET" || !isPageUrl(request.url)) return new Response("refused", { status: 403 });
    const file = await readStatic(folder, new URL(request.url).pathname);
    if (file === null) return new Response("not found", { status: 404 });
    return new Response(new Uint8Array(file.bytes), { headers: { ...safeHeaders, "Content-Type": file.type } });
  });
}
