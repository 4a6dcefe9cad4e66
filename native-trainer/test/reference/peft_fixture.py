"""Makes test/reference/peft/: small Hugging Face models with a PEFT adapter, and what they predict.

    python3 peft_fixture.py            # needs torch; the tests need only the files it wrote

Nothing here comes from the trainer: the forward pass is the one of transformers' LlamaForCausalLM and Qwen3ForCausalLM
(rotate_half rotary embedding, rows in Hugging Face's order) in double precision, the adapter is applied as PEFT does
(y = W x + s B A x, s from r, lora_alpha, rank_pattern, alpha_pattern and use_rslora by PEFT's own matching), safetensors and
GGUF are written with struct and json, and the GGUF's q and k rows are put into llama.cpp's order by the reshape and swap of
its converter. If the trainer's score of base.gguf with the PEFT folder agrees with expected.jsonl, then names, row order,
scales and number formats are all read right.
"""
import json
import math
import pathlib
import re
import struct

import torch

LAYERS, WIDTH, FF, HEADS, KV, DIM, VOCAB = 2, 32, 48, 4, 2, 8, 24
EPSILON, ROPE_BASE = 1e-5, 10000.0
SHAPES = {
    "self_attn.q_proj": (HEADS * DIM, WIDTH), "self_attn.k_proj": (KV * DIM, WIDTH), "self_attn.v_proj": (KV * DIM, WIDTH),
    "self_attn.o_proj": (WIDTH, HEADS * DIM), "mlp.gate_proj": (FF, WIDTH), "mlp.up_proj": (FF, WIDTH), "mlp.down_proj": (WIDTH, FF),
}
GGUF_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
}


def matrix(generator, rows, columns, spread):
    """Values that half precision holds exactly, so that every file below can be F16."""
    return (torch.randn(rows, columns, generator=generator) * spread).half().double()


def make_weights(architecture, generator):
    weights = {"model.embed_tokens": matrix(generator, VOCAB, WIDTH, 1.0), "lm_head": matrix(generator, VOCAB, WIDTH, 0.3)}
    norm = lambda width: (1 + 0.2 * torch.randn(width, generator=generator)).half().double()
    weights["model.norm"] = norm(WIDTH)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for name, (rows, columns) in SHAPES.items():
            weights[prefix + name] = matrix(generator, rows, columns, 0.35)
        weights[prefix + "input_layernorm"] = norm(WIDTH)
        weights[prefix + "post_attention_layernorm"] = norm(WIDTH)
        if architecture == "qwen3":
            weights[prefix + "self_attn.q_norm"] = norm(DIM)
            weights[prefix + "self_attn.k_norm"] = norm(DIM)
    return weights


def matched(patterns, module, otherwise):
    for key, value in patterns.items():
        if re.match(rf"(.*\.)?({key})$", module):
            return value
    return otherwise


def make_adapter(config, modules, generator):
    adapter = {}
    for module in modules:
        rows, columns = SHAPES[module.split(".", 3)[3]]
        rank = matched(config["rank_pattern"], module, config["r"])
        adapter[module] = (matrix(generator, rank, columns, 0.4), matrix(generator, rows, rank, 0.4))
    return adapter


def rms_norm(x, weight):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPSILON) * weight


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def forward(weights, adapter, config, tokens):
    """Logits [T, VOCAB] of one sequence."""
    def linear(module, x):
        y = x @ weights[module].T
        if module in adapter:
            a, b = adapter[module]
            rank = a.shape[0]
            alpha = matched(config["alpha_pattern"], module, config["lora_alpha"])
            y = y + (alpha / math.sqrt(rank) if config["use_rslora"] else alpha / rank) * (x @ a.T @ b.T)
        return y

    count = len(tokens)
    frequencies = ROPE_BASE ** (-torch.arange(0, DIM, 2).double() / DIM)
    angles = torch.arange(count).double()[:, None] * frequencies
    cos, sin = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
    mask = torch.full((count, count), float("-inf")).double().triu(1)
    x = weights["model.embed_tokens"][tokens]
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        h = rms_norm(x, weights[prefix + "input_layernorm"])
        q = linear(prefix + "self_attn.q_proj", h).view(count, HEADS, DIM)
        k = linear(prefix + "self_attn.k_proj", h).view(count, KV, DIM)
        v = linear(prefix + "self_attn.v_proj", h).view(count, KV, DIM).transpose(0, 1)
        if prefix + "self_attn.q_norm" in weights:
            q, k = rms_norm(q, weights[prefix + "self_attn.q_norm"]), rms_norm(k, weights[prefix + "self_attn.k_norm"])
        q, k = q.transpose(0, 1), k.transpose(0, 1)
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        k, v = k.repeat_interleave(HEADS // KV, 0), v.repeat_interleave(HEADS // KV, 0)
        attention = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(DIM) + mask, -1) @ v
        x = x + linear(prefix + "self_attn.o_proj", attention.transpose(0, 1).reshape(count, HEADS * DIM))
        h = rms_norm(x, weights[prefix + "post_attention_layernorm"])
        gate = linear(prefix + "mlp.gate_proj", h)
        x = x + linear(prefix + "mlp.down_proj", gate * torch.sigmoid(gate) * linear(prefix + "mlp.up_proj", h))
    return rms_norm(x, weights["model.norm"]) @ weights["lm_head"].T


def half_bytes(values):
    return struct.pack(f"<{values.numel()}e", *values.flatten().tolist())


def brain_bytes(values):
    return struct.pack(f"<{values.numel()}H", *[struct.unpack("<I", struct.pack("<f", x))[0] >> 16 for x in values.flatten().tolist()])


def float_bytes(values):
    return struct.pack(f"<{values.numel()}f", *values.flatten().tolist())


def write_safetensors(path, adapter, dtypes):
    header, buffer = {"__metadata__": {"format": "pt"}}, b""
    for index, (module, pair) in enumerate(adapter.items()):
        dtype = dtypes[index % len(dtypes)]
        for side, values in zip("AB", pair):
            data = {"F16": half_bytes, "BF16": brain_bytes, "F32": float_bytes}[dtype](values)
            header[f"base_model.model.{module}.lora_{side}.weight"] = {
                "dtype": dtype, "shape": list(values.shape), "data_offsets": [len(buffer), len(buffer) + len(data)]}
            buffer += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + buffer)


def interleaved(values, heads):
    """Rows of a head in llama.cpp's order: dimension i and i + D/2 become neighbours."""
    return values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


def write_gguf(path, architecture, weights):
    text = lambda value: struct.pack("<Q", len(value.encode())) + value.encode()
    entries = [text("general.architecture") + struct.pack("<I", 8) + text(architecture)]
    for key, value in {"block_count": LAYERS, "embedding_length": WIDTH, "feed_forward_length": FF, "context_length": 64,
                       "attention.head_count": HEADS, "attention.head_count_kv": KV, "attention.key_length": DIM,
                       "attention.value_length": DIM}.items():
        entries.append(text(f"{architecture}.{key}") + struct.pack("<II", 4, value))
    for key, value in {"attention.layer_norm_rms_epsilon": EPSILON, "rope.freq_base": ROPE_BASE}.items():
        entries.append(text(f"{architecture}.{key}") + struct.pack("<If", 6, value))
    entries.append(text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, VOCAB) + b"".join(text(f"t{i}") for i in range(VOCAB)))
    names = {"model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm"}
    infos, data = b"", b""
    for name, values in weights.items():
        if architecture == "llama" and name.endswith("q_proj"):
            values = interleaved(values, HEADS)
        if architecture == "llama" and name.endswith("k_proj"):
            values = interleaved(values, KV)
        if name not in names:
            _, _, layer, module = name.split(".", 3)
            names[name] = f"blk.{layer}.{GGUF_NAMES[module]}"
        infos += text(names[name] + ".weight") + struct.pack("<I", values.dim())
        infos += b"".join(struct.pack("<Q", size) for size in reversed(values.shape))
        infos += struct.pack("<IQ", 1 if values.dim() == 2 else 0, len(data))
        data += half_bytes(values) if values.dim() == 2 else float_bytes(values)
        data += b"\0" * (-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(entries)) + b"".join(entries) + infos
    path.write_bytes(head + b"\0" * (-len(head) % 32) + data)


def make(folder, architecture, seed, config, modules, dtypes):
    generator = torch.Generator().manual_seed(seed)
    weights = make_weights(architecture, generator)
    adapter = make_adapter(config, modules, generator)
    if "BF16" in dtypes:  # round to what is stored
        for index, module in enumerate(adapter):
            if dtypes[index % len(dtypes)] == "BF16":
                adapter[module] = tuple(struct_round(values) for values in adapter[module])
    (folder / "adapter").mkdir(parents=True, exist_ok=True)
    write_gguf(folder / "base.gguf", architecture, weights)
    write_safetensors(folder / "adapter" / "adapter_model.safetensors", adapter, dtypes)
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    with open(folder / "expected.jsonl", "w") as out:
        for row in range(4):
            tokens = torch.randint(0, VOCAB, (9 + 3 * row,), generator=generator).tolist()
            line = {"context": tokens[:3], "continuation": tokens[3:]}
            for key, used in (("base", {}), ("adapted", adapter)):
                logs = torch.log_softmax(forward(weights, used, config, tokens), -1)
                line[key] = [logs[i - 1, tokens[i]].item() for i in range(3, len(tokens))]
            out.write(json.dumps(line) + "\n")


def struct_round(values):
    bits = struct.unpack(f"<{values.numel()}H", brain_bytes(values))
    return torch.tensor([struct.unpack("<f", struct.pack("<I", b << 16))[0] for b in bits]).double().view(values.shape)


def config(**changes):
    fields = {"alpha_pattern": {}, "auto_mapping": None, "base_model_name_or_path": "example/tiny", "bias": "none", "fan_in_fan_out": False,
              "inference_mode": True, "init_lora_weights": True, "layer_replication": None, "layers_pattern": None,
              "layers_to_transform": None, "loftq_config": {}, "lora_alpha": 8, "lora_bias": False, "lora_dropout": 0.05,
              "megatron_config": None, "megatron_core": "megatron.core", "modules_to_save": None, "peft_type": "LORA", "r": 4,
              "rank_pattern": {}, "revision": None, "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
              "task_type": "CAUSAL_LM", "use_dora": False, "use_rslora": False}
    return {**fields, **changes}


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent / "peft"
    everywhere = [f"model.layers.{layer}.{name}" for layer in range(LAYERS) for name in SHAPES]
    make(here / "llama", "llama", 11, config(), everywhere, ["F32"])
    make(here / "llama_rslora", "llama", 12,
         config(use_rslora=True, rank_pattern={"layers.0.self_attn.q_proj": 2, r"^model\.layers\.1\.self_attn\.[qk]_proj": 6, "q_proj": 3},
                alpha_pattern={"down_proj": 5, "self_attn.k_proj": 1.5}), everywhere, ["F32", "F16", "BF16"])
    make(here / "qwen3", "qwen3", 13, config(target_modules=r".*\.(?:self_attn\.(?:q|k)_proj|mlp\.up_proj)", rank_pattern={"up_proj": 5}),
         [module for module in everywhere if re.search("(q|k|up)_proj", module)], ["F16"])
