/** The page's own address inside Electron. A privileged scheme of ours: no file:// rights, no server. */
export const pageScheme = "app";
export const pageHost = "trex";
export const pageOrigin = `${pageScheme}://${pageHost}`;

/** Opened in the system's browser when a link asks for it; everything else stays closed. */
const allowedHosts: ReadonlySet<string> = new Set(["github.com", "huggingface.co", "arxiv.org", "www.nvidia.com"]);

export function isPageUrl(text: string): boolean {
  const url = parse(text);
  return url !== null && url.protocol === `${pageScheme}:` && url.host === pageHost;
}

/** https, a known host, no user name to dress it up, no odd port. */
export function mayOpenOutside(text: string): boolean {
  const url = parse(text);
  return url !== null && url.protocol === "https:" && allowedHosts.has(url.hostname) && url.port === "" && url.username === "" && url.password === "";
}

/** `--run ID` of the command line as the page's fragment; anything but a plain id is dropped. */
export function startFragment(commandLine: readonly string[]): string {
  const at = commandLine.indexOf("--run");
  const id = at < 0 ? undefined : commandLine[at + 1];
  return id !== undefined && /^[a-z0-9-]{1,64}$/i.test(id) ? `#/runs/${id}` : "";
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
