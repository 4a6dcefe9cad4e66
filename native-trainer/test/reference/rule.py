"""Numbers that both sides of the comparison can make: a value depends on a seed, a tensor's name and an index only.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) over a
counter, the stream is the FNV-1a hash of the tensor's name. A value is centre + spread * (2 u - 1), rounded once to
fp32, with u in [0, 1) of 53 bits. Spreads are powers of two, so the product is exact and no compiler can round it
differently.
"""
import numpy as np

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def name_hash(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def _mix(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def random_bits(seed, stream, count):
    """uint64 numbers of the counters 0 to count - 1."""
    with np.errstate(over="ignore"):
        key = _mix(np.array([(seed + GOLDEN) & MASK], np.uint64))
        key = _mix(key + np.array([stream * GOLDEN & MASK], np.uint64))
        counters = np.arange(1, count + 1, dtype=np.uint64)
        return _mix(key + counters * np.uint64(GOLDEN))


def values(seed, name, shape, centre, spread):
    """fp32 array of `shape`, in row-major order of the index."""
    count = int(np.prod(shape))
    unit = (random_bits(seed, name_hash(name), count) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (centre + spread * (2.0 * unit - 1.0)).astype(np.float32).reshape(shape)


def signs(seed, name, count):
    """+1 or -1 from the highest bit: a direction to take a large gradient's inner product with."""
    return np.where(random_bits(seed, name_hash(name), count) >> np.uint64(63), -1.0, 1.0)
