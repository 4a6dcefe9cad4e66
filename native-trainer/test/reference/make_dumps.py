#!/usr/bin/env python3
"""Writes dumps/NAME.json: what PyTorch in fp64 says about each of the tiny models of cases.py. reference_test.cpp holds
the trainer against them; nothing but this script needs Python.

    python3 make_dumps.py [NAME ...]        (PyTorch and numpy; written with PyTorch 1.13)
"""
import json
import math
import pathlib
import sys

import torch

import cases
import rule
from decoder import Decoder
from objectives import cross_entropy, dpo, orpo, target_log_probabilities

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).parent / "dumps"


def tensor_values(tensor):
    return torch.from_numpy(rule.values(cases.SEED, tensor["name"], tensor["shape"], tensor["centre"], tensor["spread"])
                            ).to(torch.float64)


def adapter_shapes(tensors):
    rank = cases.LORA["rank"]
    for tensor in tensors:
        if cases.is_lora_target(tensor["name"]):
            *experts, out, inner = tensor["shape"]
            yield tensor["name"], [*experts, rank, inner], [*experts, out, rank]


def start_adapter(tensors):
    """Neither A nor B is zero, so that both have a gradient."""
    def start(name, shape):
        return tensor_values({"name": name, "shape": shape, "centre": 0.0, "spread": 0.25}).requires_grad_()

    return {name: (start(name + ".lora_a", a), start(name + ".lora_b", b)) for name, a, b in adapter_shapes(tensors)}


def made_tokens(stream, count):
    return [(int(bits) >> 40) % cases.VOCAB for bits in rule.random_bits(cases.SEED, rule.name_hash(stream), count)]


def documents():
    return [{"tokens": made_tokens(f"document {i}", length), "train": train}
            for i, (length, train) in enumerate(cases.DOCUMENT_SHAPES)]


def pairs():
    made = []
    for i, (prompt, chosen, rejected) in enumerate(cases.PAIR_SHAPES):
        start = made_tokens(f"prompt {i}", prompt)
        made.append({side: {"tokens": start + made_tokens(f"{side} {i}", length), "train": [[prompt, prompt + length]]}
                     for side, length in (("chosen", chosen), ("rejected", rejected))})
    return made


def learning_rate(o, step):
    """Step counts from 1: a linear rise over the warm-up, then half a cosine down to the final fraction."""
    warmup = round(o["warmupFraction"] * cases.STEPS)
    if step <= warmup:
        return o["learningRate"] * step / warmup
    progress = (step - warmup) / (cases.STEPS - warmup)
    low = o["finalFraction"]
    return o["learningRate"] * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * progress)))


def optimise(o, decayed, plain, loss_of_step):
    """Ten steps of torch.optim.AdamW with the gradient clipped to a norm. torch.nn.utils.clip_grad_norm_ would divide
    by norm + 1e-6; here it is the norm itself."""
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": o["weightDecay"]}, {"params": plain, "weight_decay": 0.0}],
        betas=(o["beta1"], o["beta2"]), eps=o["epsilon"])
    steps = []
    for step in range(1, cases.STEPS + 1):
        optimiser.zero_grad()
        loss = loss_of_step(step - 1)
        loss.backward()
        gradients = [p.grad for group in optimiser.param_groups for p in group["params"]]
        norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
        for gradient in gradients:
            gradient.mul_(min(1.0, o["clipNorm"] / norm))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(o, step)
        optimiser.step()
        steps.append({"loss": loss.item(), "gradNorm": norm, "learningRate": learning_rate(o, step)})
    return steps


def rounded(values):
    """Seven significant digits: an order of magnitude below what is asked of any single value."""
    return [float(f"{value:.7g}") for value in values.detach().flatten().tolist()]


def of_adapter(adapter, value):
    return [{"base": base, "a": rounded(value(a)), "b": rounded(value(b))} for base, (a, b) in adapter.items()]


def step_documents(all_documents, step):
    first = step * cases.DOCUMENTS_PER_STEP
    return [all_documents[(first + i) % len(all_documents)] for i in range(cases.DOCUMENTS_PER_STEP)]


def lora_dump(model, tensors, rows, longest):
    adapter = start_adapter(tensors)
    model.attach(adapter, cases.LORA["alpha"] / cases.LORA["rank"])
    leaves = [leaf for pair in adapter.values() for leaf in pair]
    loss = cross_entropy(model, step_documents(rows, 0), longest)
    loss.backward()
    dump = {"optimizer": cases.OPTIMIZER, "loss": loss.item(), "gradients": of_adapter(adapter, lambda leaf: leaf.grad)}
    with torch.no_grad():
        dump["logProbabilities"] = [target_log_probabilities(model, row, longest).tolist() for row in rows]
    dump["steps"] = optimise(cases.OPTIMIZER, leaves, [],
                             lambda step: cross_entropy(model, step_documents(rows, step), longest))
    dump["values"] = of_adapter(adapter, lambda leaf: leaf)
    return dump


def summary(name, value):
    """A vector whole; a matrix by its norm and its inner products with four directions of signs."""
    value = value.detach()
    if value.dim() == 1:
        return {"name": name, "values": rounded(value)}
    directions = [torch.from_numpy(rule.signs(cases.SEED + 1 + i, name, value.numel())) for i in range(4)]
    return {"name": name, "norm": value.norm().item(), "along": [float(value.flatten() @ d) for d in directions]}


def full_dump(model, rows, longest):
    """All weights are trained; vectors do not decay. The frequency divisors stay."""
    model.attach({}, 0.0)
    trained = {name: value for name, value in model.weights.items() if not name.startswith("rope_")}
    for value in trained.values():
        value.requires_grad_()
    loss = cross_entropy(model, step_documents(rows, 0), longest)
    loss.backward()
    dump = {"optimizer": cases.FULL_OPTIMIZER, "loss": loss.item(),
            "gradients": [summary(name, value.grad) for name, value in trained.items()]}
    with torch.no_grad():
        dump["logProbabilities"] = [target_log_probabilities(model, row, longest).tolist() for row in rows]
    matrices, vectors = ([v for v in trained.values() if (v.dim() > 1) == wanted] for wanted in (True, False))
    dump["steps"] = optimise(cases.FULL_OPTIMIZER, matrices, vectors,
                             lambda step: cross_entropy(model, step_documents(rows, step), longest))
    dump["values"] = [summary(name, value) for name, value in trained.items()]
    return dump


def preference_dump(model, tensors, longest):
    scale, made = cases.LORA["alpha"] / cases.LORA["rank"], pairs()

    def log_probabilities(side):
        return [target_log_probabilities(model, pair[side], longest) for pair in made]

    model.attach({}, 0.0)
    with torch.no_grad():
        reference = {side: [lp.sum() for lp in log_probabilities(side)] for side in ("chosen", "rejected")}

    adapter = start_adapter(tensors)
    model.attach(adapter, scale)
    chosen, rejected = log_probabilities("chosen"), log_probabilities("rejected")
    each = torch.stack([dpo(c.sum(), r.sum(), rc, rr, cases.DPO["beta"]) for c, r, rc, rr in
                        zip(chosen, rejected, reference["chosen"], reference["rejected"])])
    each.mean().backward()
    dpo_dump = {**cases.DPO, "loss": each.mean().item(), "losses": each.tolist(),
                "gradients": of_adapter(adapter, lambda leaf: leaf.grad)}

    adapter = start_adapter(tensors)
    model.attach(adapter, scale)
    chosen, rejected = log_probabilities("chosen"), log_probabilities("rejected")
    total, supervised, ratio = orpo(chosen, rejected, cases.ORPO["lambda"])
    total.backward()
    orpo_dump = {**cases.ORPO, "loss": total.item(), "supervised": supervised.item(), "oddsRatio": ratio.item(),
                 "gradients": of_adapter(adapter, lambda leaf: leaf.grad)}

    sums = {"reference": {side: [value.item() for value in sums] for side, sums in reference.items()},
            "policy": {"chosen": [lp.sum().item() for lp in chosen], "rejected": [lp.sum().item() for lp in rejected]}}
    return {"pairs": made, "sums": sums, "dpo": dpo_dump, "orpo": orpo_dump}


def dump_of(name):
    architecture, _, _ = cases.CASES[name]
    metadata, tensors, rows = cases.metadata_of(name), cases.tensors_of(name), documents()
    weights = {tensor["name"]: tensor_values(tensor) for tensor in tensors}
    model = Decoder(architecture, metadata, weights)
    longest = max(len(row["tokens"]) for row in rows)
    dump = {"architecture": architecture, "metadata": metadata, "vocabulary": cases.VOCAB, "seed": cases.SEED,
            "tensors": tensors, "lora": cases.LORA, "documents": rows,
            "documentsPerStep": cases.DOCUMENTS_PER_STEP, "longest": longest,
            "adapter": lora_dump(model, tensors, rows, longest)}
    if name in cases.PREFERENCE_CASES:
        dump["preference"] = preference_dump(model, tensors, longest)
    dump["full"] = full_dump(model, rows, longest)
    return dump


def write(name, dump):
    """One line for each entry of the lists of tensors: readable in a diff."""
    def lines(value, depth):
        pad = " " * depth
        if isinstance(value, dict) and depth < 3:
            body = ",\n".join(f"{pad} {json.dumps(key)}: {lines(item, depth + 1)}" for key, item in value.items())
            return "{\n" + body + "\n" + pad + "}"
        if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
            return "[\n" + ",\n".join(f"{pad} {json.dumps(item)}" for item in value) + "\n" + pad + "]"
        return json.dumps(value)

    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(lines(dump, 0) + "\n")


for case in sys.argv[1:] or cases.CASES:
    made = dump_of(case)
    write(case, made)
    first, last = made["adapter"]["steps"][0], made["adapter"]["steps"][-1]
    full = [step["loss"] for step in made["full"]["steps"]]
    print(f"{case:13} adapter loss {first['loss']:.4f} -> {last['loss']:.4f}, gradient norm {first['gradNorm']:.3f} -> "
          f"{last['gradNorm']:.3f}; full {full[0]:.4f} -> {full[-1]:.4f}")
