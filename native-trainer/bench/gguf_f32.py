"""Reads a GGUF file whose tensors are all F32: what the comparison needs and nothing more.

Format: llama.cpp's ggml/include/gguf.h, version 3, little-endian.
"""
import struct

import numpy as np

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY, F32 = 8, 9, 0


class Reader:
    def __init__(self, path):
        self.bytes, self.at = np.memmap(path, np.uint8, "r"), 0

    def number(self, code):
        size = struct.calcsize(code)
        self.at += size
        return struct.unpack("<" + code, self.bytes[self.at - size : self.at].tobytes())[0]

    def text(self):
        length = self.number("Q")
        self.at += length
        return self.bytes[self.at - length : self.at].tobytes().decode("utf-8", "replace")

    def value(self, kind):
        if kind == TEXT:
            return self.text()
        if kind == ARRAY:
            element, count = self.number("I"), self.number("Q")
            return [self.value(element) for _ in range(count)]
        return self.number(SCALARS[kind])


def read(path):
    """(metadata, {name: fp32 array mapped from the file, outermost dimension first})"""
    r = Reader(path)
    if r.number("I") != 0x46554747 or r.number("I") != 3:
        raise SystemExit(f"{path} is not a GGUF file of version 3")
    tensor_count, entry_count = r.number("Q"), r.number("Q")
    metadata = {}
    for _ in range(entry_count):
        key = r.text()
        metadata[key] = r.value(r.number("I"))
    infos = []
    for _ in range(tensor_count):
        name = r.text()
        shape = [r.number("Q") for _ in range(r.number("I"))]
        kind, offset = r.number("I"), r.number("Q")
        if kind != F32:
            raise SystemExit(f"{name} in {path} is not F32")
        infos.append((name, shape[::-1], offset))
    alignment = metadata.get("general.alignment", 32)
    start = (r.at + alignment - 1) // alignment * alignment
    tensors = {}
    for name, shape, offset in infos:
        begin = start + offset
        tensors[name] = r.bytes[begin : begin + 4 * int(np.prod(shape))].view(np.float32).reshape(shape)
    return metadata, tensors
