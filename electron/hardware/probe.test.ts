import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { nvidiaSmiPath, probeGpus } from "./probe.js";

const stub = fileURLToPath(new URL("../../test/fixtures/nvidia-smi/nvidia-smi", import.meta.url));
const probe = async (machine: string, timeoutMs?: number) => {
  process.env.STUB_GPU = machine;
  return await probeGpus({ nvidiaSmi: stub, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
};
afterEach(() => { delete process.env.STUB_GPU; });

const gibibyte = 1024 ** 3;

describe("probing cards", () => {
  it("reads a 4090", async () => {
    const { status, gpus } = await probe("4090");
    expect(status).toBe("ok");
    expect(gpus).toEqual([{ index: 0, name: "NVIDIA GeForce RTX 4090", driverVersion: "550.120", computeCapability: "8.9", totalBytes: 24564 * 1024 ** 2, freeBytes: 22970 * 1024 ** 2, powerWatts: 28.45 }]);
  });

  it("reads a 3060 with 8 GB", async () => {
    const { gpus } = await probe("3060");
    expect(gpus[0]?.totalBytes).toBe(8 * gibibyte);
  });

  it("reads both of two cards", async () => {
    const { message, gpus } = await probe("two-cards");
    expect(gpus.map((gpu) => [gpu.index, gpu.name])).toEqual([[0, "NVIDIA GeForce RTX 3060"], [1, "NVIDIA GeForce RTX 3090"]]);
    expect(message).toContain("2 NVIDIA cards");
  });

  it("asks an old driver again without the column it does not know", async () => {
    const { status, message, gpus } = await probe("old-driver");
    expect(status).toBe("driver-too-old");
    expect(message).toContain("418.226.00");
    expect(gpus).toHaveLength(1);
    expect(gpus[0]?.computeCapability).toBeNull();
  });

  it.each(["hang", "ignores-signals"])("gives up on a driver that does this: %s", async (machine) => {
    const start = performance.now();
    const { status, gpus } = await probe(machine, 400);
    expect(status).toBe("timed-out");
    expect(gpus).toEqual([]);
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it.each([
    ["garbage", "failed", "cannot be read"],
    ["crash", "failed", "139"],
    ["no-driver", "no-driver", "driver is not running"],
    ["no-devices", "no-gpu", "sees no card"],
    ["mismatch", "failed", "Restart"],
    ["lost", "failed", "Restart"],
  ])("explains %s", async (machine, status, words) => {
    const answer = await probe(machine);
    expect(answer.status).toBe(status);
    expect(answer.message).toContain(words);
    expect(answer.gpus).toEqual([]);
  });

  it("reads a card that does not tell its power, and one that tells it with a comma", async () => {
    expect((await probe("no-power")).gpus[0]).toMatchObject({ powerWatts: null, computeCapability: "7.5" });
    expect((await probe("comma-decimals")).gpus[0]).toMatchObject({ powerWatts: 12.37, driverVersion: "560.94" });
  });

  it("tells a missing driver from a missing card", async () => {
    const nvidiaSmi = "/nonexistent/nvidia-smi";
    expect((await probeGpus({ nvidiaSmi, otherNvidiaName: async () => null })).status).toBe("no-gpu");
    const found = await probeGpus({ nvidiaSmi, otherNvidiaName: async () => "GeForce RTX 3070" });
    expect(found.status).toBe("no-driver");
    expect(found.message).toContain("GeForce RTX 3070");
  });

  it("prefers an explicit program, then NVIDIA_SMI, then PATH", () => {
    expect(nvidiaSmiPath({ NVIDIA_SMI: "/a" }, "/b")).toBe("/b");
    expect(nvidiaSmiPath({ NVIDIA_SMI: "/a" })).toBe("/a");
    expect(nvidiaSmiPath({})).toBe("nvidia-smi");
  });
});
