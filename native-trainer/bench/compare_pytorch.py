#!/usr/bin/env python3
"""One training run in eager PyTorch on the CPU in fp32, as a careful user would write it: forward, backward, AdamW.

    python3 compare_pytorch.py '{"model":"m.gguf","data":"rows.jsonl","method":"lora","rank":16,"alpha":32,
                                 "learningRate":1e-4,"steps":5,"threads":2}'

The model is a qwen2 GGUF in F32, the rows {"tokens":[…]} are all of one length, so nothing is padded, and one step takes
them all. Prints one JSON line: losses, milliseconds of each step, tokens per second of the median step, seconds from
process start to the end of the first step, peak resident bytes, and which matrix-product kernel was used.
"""
import json
import math
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

import gguf_f32


def seconds_since_start():
    """Since this process was started, from the kernel's clock."""
    with open("/proc/self/stat") as stat:
        started = float(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


class Linear(nn.Module):
    """W x + bias, and + scale * B (A x) when the weight is frozen under an adapter."""

    def __init__(self, tensors, name, rank, scale):
        super().__init__()
        weight = torch.from_numpy(tensors[name + ".weight"].copy())
        self.weight = nn.Parameter(weight, requires_grad=rank == 0)
        bias = tensors.get(name + ".bias")
        self.bias = None if bias is None else nn.Parameter(torch.from_numpy(bias.copy()), requires_grad=rank == 0)
        self.scale, self.rank = scale, rank
        if rank:
            out, inner = weight.shape
            self.a = nn.Parameter(torch.empty(rank, inner).uniform_(-1 / math.sqrt(inner), 1 / math.sqrt(inner)))
            self.b = nn.Parameter(torch.zeros(out, rank))

    def forward(self, x):
        y = functional.linear(x, self.weight, self.bias)
        return y + functional.linear(functional.linear(x, self.a), self.b) * self.scale if self.rank else y


class Norm(nn.Module):
    def __init__(self, tensors, name, epsilon, train):
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(tensors[name + ".weight"].copy()), requires_grad=train)
        self.epsilon = epsilon

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Layer(nn.Module):
    def __init__(self, tensors, prefix, shape, rank, scale):
        super().__init__()
        self.heads, self.kv_heads, self.head_dim, epsilon = shape
        self.attn_norm = Norm(tensors, prefix + "attn_norm", epsilon, rank == 0)
        self.ffn_norm = Norm(tensors, prefix + "ffn_norm", epsilon, rank == 0)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            setattr(self, name, Linear(tensors, prefix + name, rank, scale))

    def forward(self, x, cosine, sine, mask):
        rows, count, _ = x.shape

        def heads(y, number):
            return y.view(rows, count, number, self.head_dim).transpose(1, 2)

        def rotate(y):
            left, right = y.chunk(2, -1)
            return y * cosine + torch.cat((-right, left), -1) * sine

        n = self.attn_norm(x)
        q, k = rotate(heads(self.attn_q(n), self.heads)), rotate(heads(self.attn_k(n), self.kv_heads))
        v = heads(self.attn_v(n), self.kv_heads)
        share = self.heads // self.kv_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(self.head_dim) + mask, -1)
        x = x + self.attn_output((weights @ v).transpose(1, 2).reshape(rows, count, -1))
        n = self.ffn_norm(x)
        return x + self.ffn_down(functional.silu(self.ffn_gate(n)) * self.ffn_up(n))


class Model(nn.Module):
    def __init__(self, path, rank, scale):
        super().__init__()
        metadata, tensors = gguf_f32.read(path)
        architecture = metadata["general.architecture"]
        if architecture != "qwen2":
            raise SystemExit(f"this comparison knows qwen2, not {architecture}")

        def get(key):
            return metadata[f"{architecture}.{key}"]

        self.head_dim, self.base = get("attention.key_length"), get("rope.freq_base")
        epsilon = get("attention.layer_norm_rms_epsilon")
        shape = (get("attention.head_count"), get("attention.head_count_kv"), self.head_dim, epsilon)
        self.embedding = nn.Parameter(torch.from_numpy(tensors["token_embd.weight"].copy()), requires_grad=rank == 0)
        self.layers = nn.ModuleList(Layer(tensors, f"blk.{i}.", shape, rank, scale) for i in range(get("block_count")))
        self.output_norm = Norm(tensors, "output_norm", epsilon, rank == 0)
        output = tensors.get("output.weight")
        self.head = self.embedding if output is None else nn.Parameter(torch.from_numpy(output.copy()), rank == 0)

    def forward(self, tokens):
        count = tokens.shape[1]
        frequency = self.base ** (-torch.arange(0, self.head_dim, 2) / self.head_dim)
        angle = torch.outer(torch.arange(count), frequency).repeat(1, 2)
        mask = torch.full((count, count), -math.inf).triu(1)
        x = functional.embedding(tokens, self.embedding)
        for layer in self.layers:
            x = layer(x, angle.cos(), angle.sin(), mask)
        return functional.linear(self.output_norm(x), self.head)


def matrix_kernel():
    """The name of OpenBLAS's kernel, when that is what PyTorch multiplies with."""
    import ctypes
    with open("/proc/self/maps") as maps:
        libraries = sorted({line.split()[-1] for line in maps if "blas" in line and ".so" in line})
    for library in libraries:
        try:
            function = ctypes.CDLL(library).openblas_get_corename
        except (AttributeError, OSError):
            continue
        function.restype = ctypes.c_char_p
        return "OpenBLAS " + function().decode()
    return "MKL" if torch.backends.mkl.is_available() else "unknown"


def main():
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    torch.manual_seed(1)
    full = request["method"] == "full"
    rank = 0 if full else request["rank"]
    model = Model(request["model"], rank, 1.0 if full else request["alpha"] / rank)
    with open(request["data"]) as lines:
        rows = torch.tensor([json.loads(line)["tokens"] for line in lines])
    inputs, targets = rows[:, :-1], rows[:, 1:]
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=request["learningRate"],
                                  weight_decay=0.0, foreach=True)
    losses, milliseconds, first = [], [], None
    for _ in range(request["steps"]):
        begin = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        optimiser.step()
        milliseconds.append((time.perf_counter() - begin) * 1000)
        losses.append(loss.item())
        first = first or seconds_since_start()
    print(json.dumps({
        "losses": losses, "stepMs": milliseconds, "firstStepSeconds": first,
        "tokensPerSecond": inputs.numel() / statistics.median(milliseconds[1:] or milliseconds) * 1000,
        "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "kernel": matrix_kernel(), "version": "PyTorch " + torch.__version__}))


main()
