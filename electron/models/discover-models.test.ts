import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultHomes, discoverModels, type DiscoveryHome } from "./discover-models.js";

let folder = "";
const put = (path: string, content = "GGUFdata"): string => {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
};
const find = async (homes: DiscoveryHome[], more: object = {}): Promise<string[]> => (await discoverModels({ homes, ...more }, new AbortController().signal)).map((model) => `${model.source} ${model.name}`);

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "trex-discover-")); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

describe("discoverModels", () => {
  it("finds GGUF files, by content, and leaves out later parts and projectors", async () => {
    put("lm/publisher/model/Tiny-Q4.gguf");
    put("lm/publisher/model/mmproj-Tiny.gguf");
    put("lm/publisher/model/Big-00001-of-00002.gguf");
    put("lm/publisher/model/Big-00002-of-00002.gguf");
    put("lm/publisher/model/fake.gguf", "PK");
    expect(await find([{ source: "lm-studio", path: join(folder, "lm") }])).toEqual(["lm-studio Big-00001-of-00002", "lm-studio Tiny-Q4"]);
  });

  it("reads Ollama manifests and names the blob's model and tag", async () => {
    const digest = "a".repeat(64);
    put(`ollama/blobs/sha256-${digest}`);
    const manifest = (value: string): string => JSON.stringify({ schemaVersion: 2, layers: [{ mediaType: "application/vnd.ollama.image.license", digest: "sha256:0" }, { mediaType: "application/vnd.ollama.image.model", digest: value }] });
    put("ollama/manifests/registry.example/library/qwen/0.5b", manifest(`sha256:${digest}`));
    put("ollama/manifests/registry.example/library/evil/latest", manifest("sha256:../../../secret"));
    put("ollama/manifests/registry.example/library/broken/latest", "{");
    expect(await find([{ source: "ollama", path: join(folder, "ollama") }])).toEqual(["ollama qwen:0.5b"]);
  });

  it("follows the Hugging Face cache's inner links and none that leave it", async () => {
    const blob = put("hub/models--a--b/blobs/123");
    mkdirSync(join(folder, "hub/models--a--b/snapshots/c0ffee"), { recursive: true });
    symlinkSync(blob, join(folder, "hub/models--a--b/snapshots/c0ffee/tiny.gguf"));
    const outside = put("outside/secret.gguf");
    symlinkSync(outside, join(folder, "hub/out.gguf"));
    symlinkSync(join(folder, "hub"), join(folder, "hub/circle"));
    symlinkSync("/dev/zero", join(folder, "hub/device.gguf"));
    expect(await find([{ source: "hugging-face", path: join(folder, "hub") }])).toEqual(["hugging-face tiny"]);
  });

  it("counts a file that two homes reach once", async () => {
    put("jan/models/tiny.gguf");
    expect(await find([{ source: "jan", path: join(folder, "jan") }, { source: "user", path: join(folder, "jan/models") }])).toHaveLength(1);
  });

  it("keeps to its limits of depth and entries, and stops when asked", async () => {
    put("user/a/b/c/d/deep.gguf");
    for (let index = 0; index < 50; index += 1) put(`user/many/${String(index).padStart(2, "0")}.gguf`);
    const home: DiscoveryHome[] = [{ source: "user", path: join(folder, "user") }];
    expect(await find(home, { deepest: 2 })).not.toContain("user deep");
    expect((await find(home, { mostEntries: 20 })).length).toBeLessThan(20);
    const controller = new AbortController();
    controller.abort();
    expect(await discoverModels({ homes: home }, controller.signal)).toEqual([]);
  });

  it("takes a home that is not there for an empty one, and the variables before the defaults", async () => {
    expect(await find([{ source: "jan", path: join(folder, "nowhere") }])).toEqual([]);
    const homes = defaultHomes([], { HF_HUB_CACHE: "/hub", OLLAMA_MODELS: "/ollama" }, "/home/me").map((home) => home.path);
    expect(homes).toContain("/hub");
    expect(homes).toContain("/ollama");
  });
});
