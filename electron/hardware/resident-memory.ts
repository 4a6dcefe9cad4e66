import { readFile } from "node:fs/promises";
import si from "systeminformation";

/** `VmRSS` is in kB whatever the page size. */
async function residentOnLinux(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
}

/** Resident bytes of these processes together; one that has ended counts 0. Slow (a second) outside Linux. */
export async function residentBytes(pids: readonly number[]): Promise<number> {
  if (pids.length === 0) return 0;
  if (process.platform === "linux") {
    const each = await Promise.all(pids.map(residentOnLinux));
    return each.reduce((sum, bytes) => sum + bytes, 0);
  }
  const { list } = await si.processes();
  return list.filter((entry) => pids.includes(entry.pid)).reduce((sum, entry) => sum + entry.memRss * 1024, 0);
}
