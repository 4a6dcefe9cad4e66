import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

/**
 * What llama.cpp's graphics back ends need from the system, found by looking at files only: loading a graphics library
 * to find out could hang or crash with the driver.
 */
export interface GraphicsLibraries {
  /** The Vulkan loader is installed (it comes with the graphics driver). */
  readonly vulkan: boolean;
  /** cudart and cuBLAS of the CUDA version that the bundled binary was built for; not bundled with this app. */
  readonly cudaRuntime: boolean;
}

/** The pinned node-llama-cpp's CUDA binary asks for libcudart.so.13 and libcublas.so.13. */
const cudaMajor = 13;

export function findGraphicsLibraries(platform: NodeJS.Platform, environment: Readonly<Record<string, string | undefined>>): GraphicsLibraries {
  const folders = searchFolders(platform, environment).filter((folder) => existsSync(folder));
  const has = (name: string): boolean => folders.some((folder) => existsSync(path.join(folder, name)));
  if (platform === "win32") {
    return { vulkan: has("vulkan-1.dll"), cudaRuntime: has(`cudart64_${cudaMajor}.dll`) && has(`cublas64_${cudaMajor}.dll`) && has(`cublasLt64_${cudaMajor}.dll`) };
  }
  if (platform === "linux") {
    return { vulkan: has("libvulkan.so.1"), cudaRuntime: has(`libcudart.so.${cudaMajor}`) && has(`libcublas.so.${cudaMajor}`) && has(`libcublasLt.so.${cudaMajor}`) };
  }
  return { vulkan: false, cudaRuntime: false };
}

function searchFolders(platform: NodeJS.Platform, environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (platform === "win32") {
    const windows = environment.SystemRoot ?? "C:\\Windows";
    const cuda = environment.CUDA_PATH;
    return [path.join(windows, "System32"), ...splitPath(environment.PATH), ...(cuda === undefined ? [] : [path.join(cuda, "bin"), path.join(cuda, "bin", "x64")])];
  }
  return [
    ...splitPath(environment.LD_LIBRARY_PATH),
    "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib", "/opt/cuda/lib64",
    ...localCudaFolders(environment.CUDA_PATH),
  ];
}

function splitPath(value: string | undefined): readonly string[] {
  return (value ?? "").split(path.delimiter).filter((folder) => folder !== "");
}

function localCudaFolders(chosen: string | undefined): readonly string[] {
  const roots = existsSync("/usr/local") ? readdirSync("/usr/local").filter((name) => name.startsWith("cuda")).map((name) => path.join("/usr/local", name)) : [];
  return [...(chosen === undefined ? [] : [chosen]), ...roots].map((root) => path.join(root, "lib64"));
}
