import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doctorReportSchema, type DoctorReport } from "../../electron/contract/index.js";
import { trex } from "../fixtures/command-line.js";
import { repositoryRoot, requireBuild } from "../fixtures/tiny-model.js";

const stubFolder = path.join(repositoryRoot, "test", "fixtures", "nvidia-smi");
let home = "";
beforeAll(async () => {
  requireBuild();
  home = await mkdtemp(path.join(os.tmpdir(), "trex-doctor-"));
});
afterAll(async () => { await rm(home, { recursive: true, force: true }); });

/** The stub stands first on PATH, as a real nvidia-smi would. */
async function examine(machine: string): Promise<{ report: DoctorReport; code: number | null }> {
  const environment = { TREX_HOME: home, STUB_GPU: machine, NVIDIA_SMI: "", PATH: `${stubFolder}${path.delimiter}${process.env.PATH ?? ""}` };
  const { stdout, code } = await trex(["doctor", "--json"], environment);
  return { report: doctorReportSchema.parse(JSON.parse(stdout)), code };
}

describe("trex doctor", () => {
  it("is whole without a card", async () => {
    const { stdout, code } = await trex(["doctor", "--json"], { TREX_HOME: home });
    const report = doctorReportSchema.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(report).toMatchObject({ ok: true, gpus: [], backends: { trainer: { use: "cpu" }, agent: { use: "cpu" } }, trainer: { found: true }, llama: { found: true, version: "3.21.1" } });
    expect(["no-gpu", "no-driver"]).toContain(report.gpuProbe.status);
    expect(report.disk.freeBytes).toBeGreaterThan(0);
    expect(report.disk.path).toBe(home);
  });

  it("reads a 4090 and says that training stays on the processor", async () => {
    const { report } = await examine("4090");
    expect(report.gpus).toEqual([expect.objectContaining({ name: "NVIDIA GeForce RTX 4090", computeCapability: "8.9", totalBytes: 24564 * 1024 ** 2, freeBytes: 22970 * 1024 ** 2, usable: true })]);
    expect(report.gpuProbe.status).toBe("ok");
    expect(report.backends.trainer.reason).toContain("no CUDA kernels");
  });

  it("reads a 3060 with 8 GB, and two cards", async () => {
    expect((await examine("3060")).report.gpus[0]).toMatchObject({ name: "NVIDIA GeForce RTX 3060", totalBytes: 8 * 1024 ** 3 });
    expect((await examine("two-cards")).report.gpus.map((gpu) => gpu.index)).toEqual([0, 1]);
  });

  it("leaves a card with an old driver alone and says which driver it takes", async () => {
    const { report, code } = await examine("old-driver");
    expect(code).toBe(0);
    expect(report.gpuProbe.status).toBe("driver-too-old");
    expect(report.gpus[0]).toMatchObject({ usable: false, computeCapability: null });
    expect(report.backends.agent.use).toBe("cpu");
    expect(report.advice.join(" ")).toContain("525");
  });

  it("does not wait for a driver that hangs", async () => {
    const start = performance.now();
    const { report, code } = await examine("hang");
    expect(report.gpuProbe.status).toBe("timed-out");
    expect(report.gpuProbe.elapsedMs).toBeLessThan(6_500);
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(code).toBe(0);
  });

  it("says in plain words what is missing, and ends with 1", async () => {
    const { code, stdout, stderr } = await trex(["doctor"], { TREX_HOME: home, TREX_TRAIN: path.join(home, "nothing-here") });
    expect(code).toBe(1);
    expect(stdout).toContain("was not found at");
    expect(stdout).toContain("npm run bootstrap");
    expect(stderr).toBe("");
  });

  it("explains a trainer that is no trainer", async () => {
    const fake = path.join(home, "fake-trainer");
    await writeFile(fake, "#!/bin/sh\necho hello\n", { mode: 0o755 });
    const { stdout, code } = await trex(["doctor", "--json"], { TREX_HOME: home, TREX_TRAIN: fake });
    expect(code).toBe(1);
    expect(doctorReportSchema.parse(JSON.parse(stdout)).trainer).toMatchObject({ found: false, message: expect.stringContaining("not JSON") as string });
  });
});
