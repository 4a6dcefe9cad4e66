import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

export interface RaplDomain {
  readonly counterPath: string;
  /** The counter starts again at 0 after this many microjoules. */
  readonly rangeMicrojoules: number;
}

/**
 * Linux keeps a running energy counter per processor package (powercap, `intel-rapl:0`, AMD too). Only whole packages
 * count: `intel-rapl:0:0` and the like are parts of them. Newer kernels let only root read it; then there is none here.
 */
export async function findRaplDomains(root: string): Promise<readonly RaplDomain[]> {
  const names = await readdir(root).catch(() => []);
  const domains: RaplDomain[] = [];
  for (const name of names.filter((entry) => /^intel-rapl:\d+$/.test(entry)).sort()) {
    const counterPath = path.join(root, name, "energy_uj");
    const rangeMicrojoules = await readCounter(path.join(root, name, "max_energy_range_uj"));
    if (rangeMicrojoules !== null && rangeMicrojoules > 0 && (await readCounter(counterPath)) !== null) domains.push({ counterPath, rangeMicrojoules });
  }
  return domains;
}

/** Adds up what the counters gained since the first reading. */
export class RaplMeter {
  private readonly last = new Map<string, number>();
  private microjoules = 0;

  constructor(private readonly domains: readonly RaplDomain[]) {}

  /** Joules since the first call; null when a counter can no longer be read. */
  async read(): Promise<number | null> {
    for (const { counterPath, rangeMicrojoules } of this.domains) {
      const now = await readCounter(counterPath);
      if (now === null) return null;
      const before = this.last.get(counterPath) ?? now;
      this.microjoules += now >= before ? now - before : now + rangeMicrojoules - before;
      this.last.set(counterPath, now);
    }
    return this.microjoules / 1e6;
  }
}

async function readCounter(file: string): Promise<number | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  return /^\d+\s*$/.test(text) ? Number(text) : null;
}
