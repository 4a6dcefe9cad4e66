import { homedir } from "node:os";
import path from "node:path";

/**
 * Where runs, settings and logs lie: TREX_HOME, else the platform's folder for application data. On Windows the local one:
 * gigabytes do not belong into a roaming profile.
 */
export function trexHome(environment: Readonly<Record<string, string | undefined>> = process.env, platform: NodeJS.Platform = process.platform, userHome: string = homedir()): string {
  const chosen = environment.TREX_HOME;
  if (chosen !== undefined && chosen.trim() !== "") return path.resolve(chosen);
  if (platform === "win32") return path.win32.join(environment.LOCALAPPDATA ?? path.win32.join(userHome, "AppData", "Local"), "TREX Desktop");
  if (platform === "darwin") return path.posix.join(userHome, "Library", "Application Support", "TREX Desktop");
  const data = environment.XDG_DATA_HOME;
  // The XDG rules say that a relative path is to be ignored.
  return path.posix.join(data !== undefined && path.posix.isAbsolute(data) ? data : path.posix.join(userHome, ".local", "share"), "trex-desktop");
}
