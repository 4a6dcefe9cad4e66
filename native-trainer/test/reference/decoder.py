"""Forward pass of every architecture in plain PyTorch, one document at a time: no packing, no cache, no framework.

Dimensions: T tokens, C residual width, H heads, G key/value heads, D head width, R rotated dimensions of a head, F
feed-forward width, E experts, V vocabulary. Weights are [out, in]; the gradients come from autograd.

Sources of the formulas
  llama     Touvron et al., arXiv 2302.13971; frequency divisors of rope_freqs: Llama 3.1
  mistral3  YaRN: Peng et al., arXiv 2309.00071, section 3.2 to 3.4; query temperature: Llama 4 (iRoPE)
  smollm3   no rotation in every fourth layer: Yang et al., arXiv 2501.18795
  qwen2/3   arXiv 2407.10671 (biases), arXiv 2505.09388 (norm of each head's query and key)
  gemma2/3  arXiv 2408.00118 (soft-caps, post-norms, windows), arXiv 2503.19786 (5:1 windows, two rope bases)
  phi3      arXiv 2404.14219; long and short factors: LongRoPE, Ding et al., arXiv 2402.13753
  qwen3moe  arXiv 2505.09388: softmax over all experts, the best k renormalised
What a GGUF file's keys mean, and what is assumed for an absent one, follows llama.cpp.
"""
import math

import torch

NORM_PAIRS = ("llama", "mistral3", "smollm3")  # rotate (0,1), (2,3), ...; the others (0, R/2), (1, R/2 + 1), ...
GEMMA = ("gemma2", "gemma3")


class Decoder:
    """`metadata` are the keys of a GGUF file without the architecture's prefix, `weights` its tensors by name."""

    def __init__(self, architecture, metadata, weights):
        get = metadata.get
        self.architecture, self.weights = architecture, weights
        self.layers, width = get("block_count"), get("embedding_length")
        self.heads = get("attention.head_count")
        self.kv_heads = get("attention.head_count_kv", self.heads)
        self.head_dim = get("attention.key_length", width // self.heads)
        self.epsilon = get("attention.layer_norm_rms_epsilon")
        self.rope_dims = get("rope.dimension_count", self.head_dim)
        self.rope_base = get("rope.freq_base", 10000.0)
        self.scaling = get("rope.scaling.type", "linear")
        self.scale_factor = get("rope.scaling.factor", 1.0) or 1.0
        self.original_context = get("rope.scaling.original_context_length", get("context_length"))
        self.attention_factor = get("rope.scaling.attn_factor", 1.0)
        self.beta_fast = get("rope.scaling.yarn_beta_fast", 32.0)
        self.beta_slow = get("rope.scaling.yarn_beta_slow", 1.0)
        self.yarn_log_multiplier = get("rope.scaling.yarn_log_multiplier", 0.0)
        self.temperature_scale = get("attention.temperature_scale", 0.0)
        self.attention_softcap = get("attn_logit_softcapping", 50.0) if architecture == "gemma2" else 0.0
        self.final_softcap = get("final_logit_softcapping", {"gemma2": 30.0}.get(architecture, 0.0))
        self.window = get("attention.sliding_window", 0) if architecture in GEMMA else 0
        self.window_period = {"gemma2": 2, "gemma3": 6}.get(architecture, 1)
        self.rope_base_window = get("rope.freq_base_swa", {"gemma3": 10000.0}.get(architecture, self.rope_base))
        self.experts_used = get("expert_used_count", 0)
        self.adapter, self.adapter_scale = {}, 0.0

    def attach(self, adapter, scale):
        """adapter: base tensor name -> (A [rank, in], B [out, rank]), with a leading E when the base has experts."""
        self.adapter, self.adapter_scale = adapter, scale

    # ---- pieces ----------------------------------------------------------------------------------------------------

    def linear(self, name, x, expert=None):
        """y = W x + bias + scale * B (A x)."""
        pick = (lambda m: m) if expert is None else (lambda m: m[expert])
        y = x @ pick(self.weights[name + ".weight"]).T
        if name + ".bias" in self.weights:
            y = y + self.weights[name + ".bias"]
        if name + ".weight" in self.adapter:
            a, b = self.adapter[name + ".weight"]
            y = y + self.adapter_scale * (x @ pick(a).T) @ pick(b).T
        return y

    def rms_norm(self, name, x):
        mean_square = (x * x).mean(-1, keepdim=True)
        return x / torch.sqrt(mean_square + self.epsilon) * self.weights[name + ".weight"]

    def has_window(self, layer):
        """Gemma: the last layer of each period sees everything, the others only the window."""
        return self.window > 0 and layer % self.window_period < self.window_period - 1

    def frequency_divisors(self, longest):
        if "rope_freqs.weight" in self.weights:
            return self.weights["rope_freqs.weight"]
        which = "long" if longest > self.original_context else "short"
        return self.weights.get(f"rope_factors_{which}.weight")

    def rotation(self, positions, layer, longest):
        """cos and sin [T, R / 2]."""
        windowed = self.has_window(layer)
        base = self.rope_base_window if windowed else self.rope_base
        pair = torch.arange(self.rope_dims // 2, dtype=torch.float64)
        frequency = base ** (-2.0 * pair / self.rope_dims)
        divisors = self.frequency_divisors(longest)
        if divisors is not None:
            frequency = frequency / divisors
        magnitude = self.attention_factor
        # Gemma 3 stretches the full layers only; its window layers keep their positions.
        factor = 1.0 if windowed and self.architecture == "gemma3" else self.scale_factor
        if self.scaling == "linear":
            frequency = frequency / factor
        elif self.scaling == "yarn":
            # Pairs that turn more than beta_fast times within the original context stay, those that turn less than
            # beta_slow times are stretched, with a straight ramp between them.
            def pair_that_turns(times):
                return self.rope_dims * math.log(self.original_context / (times * 2 * math.pi)) / (2 * math.log(base))

            low = max(0.0, math.floor(pair_that_turns(self.beta_fast)))
            high = min(self.rope_dims - 1.0, math.ceil(pair_that_turns(self.beta_slow)))
            stretched = ((pair - low) / max(0.001, high - low)).clamp(0.0, 1.0)
            frequency = frequency * (1.0 - stretched) + frequency / factor * stretched
            # "mscale" of the two config values: mscale = 1 always, mscale_all_dim is the log multiplier.
            magnitude *= (1.0 + 0.1 * math.log(factor)) / (1.0 + 0.1 * self.yarn_log_multiplier * math.log(factor))
        angle = positions[:, None].to(torch.float64) * frequency[None, :]
        return torch.cos(angle) * magnitude, torch.sin(angle) * magnitude

    def rotate(self, x, cosine, sine):
        """x [T, heads, D]; the first R dimensions of each head are rotated, the rest passes."""
        turned, rest = x[..., : self.rope_dims], x[..., self.rope_dims :]
        cosine, sine = cosine[:, None, :], sine[:, None, :]
        if self.architecture in NORM_PAIRS:
            left, right = turned[..., 0::2], turned[..., 1::2]
        else:
            left, right = turned.chunk(2, dim=-1)
        new_left, new_right = left * cosine - right * sine, left * sine + right * cosine
        if self.architecture in NORM_PAIRS:
            turned = torch.stack((new_left, new_right), dim=-1).flatten(-2)
        else:
            turned = torch.cat((new_left, new_right), dim=-1)
        return torch.cat((turned, rest), dim=-1)

    # ---- a layer ---------------------------------------------------------------------------------------------------

    def query_key_value(self, prefix, x):
        q_width, kv_width = self.heads * self.head_dim, self.kv_heads * self.head_dim
        if prefix + "attn_qkv.weight" in self.weights:
            return self.linear(prefix + "attn_qkv", x).split((q_width, kv_width, kv_width), dim=-1)
        return tuple(self.linear(prefix + name, x) for name in ("attn_q", "attn_k", "attn_v"))

    def attention(self, layer, x, longest):
        prefix, count = f"blk.{layer}.", x.shape[0]
        positions = torch.arange(count)
        q, k, v = self.query_key_value(prefix, x)
        q = q.reshape(count, self.heads, self.head_dim)
        k = k.reshape(count, self.kv_heads, self.head_dim)
        v = v.reshape(count, self.kv_heads, self.head_dim)
        if prefix + "attn_q_norm.weight" in self.weights:
            q, k = self.rms_norm(prefix + "attn_q_norm", q), self.rms_norm(prefix + "attn_k_norm", k)
        if not (self.architecture == "smollm3" and (layer + 1) % 4 == 0):
            cosine, sine = self.rotation(positions, layer, longest)
            q, k = self.rotate(q, cosine, sine), self.rotate(k, cosine, sine)
        if self.temperature_scale != 0.0:
            block = torch.floor(positions.to(torch.float64) / self.original_context)
            q = q * (1.0 + self.temperature_scale * torch.log(block + 1.0))[:, None, None]
        share = self.heads // self.kv_heads  # query heads that read the same key/value head
        k, v = k.repeat_interleave(share, dim=1), v.repeat_interleave(share, dim=1)
        scores = torch.einsum("thd,shd->hts", q, k) / math.sqrt(self.head_dim)
        if self.attention_softcap:
            scores = self.attention_softcap * torch.tanh(scores / self.attention_softcap)
        distance = positions[:, None] - positions[None, :]
        hidden = distance < 0
        if self.has_window(layer):
            hidden = hidden | (distance >= self.window)
        weights = torch.softmax(scores.masked_fill(hidden, -math.inf), dim=-1)
        mixed = torch.einsum("hts,shd->thd", weights, v).reshape(count, self.heads * self.head_dim)
        return self.linear(prefix + "attn_output", mixed)

    def gated(self, gate):
        if self.architecture in GEMMA:
            return torch.nn.functional.gelu(gate, approximate="tanh")
        return gate * torch.sigmoid(gate)

    def feed_forward(self, layer, x):
        prefix = f"blk.{layer}."
        if prefix + "ffn_gate_inp.weight" in self.weights:
            return self.experts(prefix, x)
        if prefix + "ffn_gate.weight" in self.weights:
            gate, up = self.linear(prefix + "ffn_gate", x), self.linear(prefix + "ffn_up", x)
        else:
            gate, up = self.linear(prefix + "ffn_up", x).chunk(2, dim=-1)  # phi3: one matrix, gate above up
        return self.linear(prefix + "ffn_down", self.gated(gate) * up)

    def experts(self, prefix, x):
        probability = torch.softmax(self.linear(prefix + "ffn_gate_inp", x), dim=-1)
        best, chosen = probability.topk(self.experts_used, dim=-1)
        best = best / best.sum(-1, keepdim=True)
        rows = []
        for token in range(x.shape[0]):
            mixed = 0.0
            for slot in range(self.experts_used):
                e, row = int(chosen[token, slot]), x[token]
                gate = self.linear(prefix + "ffn_gate_exps", row, e)
                up = self.linear(prefix + "ffn_up_exps", row, e)
                mixed = mixed + best[token, slot] * self.linear(prefix + "ffn_down_exps", self.gated(gate) * up, e)
            rows.append(mixed)
        return torch.stack(rows)

    # ---- the whole model -------------------------------------------------------------------------------------------

    def logits(self, tokens, longest):
        """[T, V] of one document. `longest` is the context the model runs with; only phi3's factors depend on it."""
        x = self.weights["token_embd.weight"][torch.as_tensor(tokens)]
        if self.architecture in GEMMA:
            x = x * math.sqrt(x.shape[-1])
        for layer in range(self.layers):
            prefix = f"blk.{layer}."
            update = self.attention(layer, self.rms_norm(prefix + "attn_norm", x), longest)
            if self.architecture in GEMMA:
                update = self.rms_norm(prefix + "post_attention_norm", update)
            x = x + update
            update = self.feed_forward(layer, self.rms_norm(prefix + "ffn_norm", x))
            if self.architecture in GEMMA:
                update = self.rms_norm(prefix + "post_ffw_norm", update)
            x = x + update
        x = self.rms_norm("output_norm", x)
        head = self.weights.get("output.weight", self.weights["token_embd.weight"])
        logits = x @ head.T
        if self.final_softcap:
            logits = self.final_softcap * torch.tanh(logits / self.final_softcap)
        return logits
