"""Columns of text as bytes, where a look at all bytes tells sooner than one at each text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

WORD = 8  # bytes that are hashed at once
AT_ONCE = 2**15  # texts that are hashed in turn: what is worked on stays near the processor
MIXERS = np.array([0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93], dtype=np.uint64)
FIRST_BYTES = np.array([2 ** (8 * size) - 1 for size in range(WORD + 1)], dtype=np.uint64)


def bytes_of(texts: pa.StringArray) -> tuple[np.ndarray, np.ndarray]:
    """Bytes of all texts after one another, and where each text begins, with the end of the last one.

    Examples
    --------
    >>> bytes_of(pa.array(["a", "bc"]))
    (array([97, 98, 99], dtype=uint8), array([0, 1, 3], dtype=int32))
    """
    if not len(texts):
        return np.empty(0, np.uint8), np.zeros(1, np.int32)
    _, places, data = texts.buffers()
    begins = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", np.uint8)[begins[0] : begins[-1]], begins - begins[0]


def are_within(texts: pa.StringArray, first: str, last: str) -> bool:
    """Whether no sign of any text lies outside a range of ASCII.

    Examples
    --------
    >>> are_within(pa.array(["12", "3"]), "0", "9"), are_within(pa.array(["1,2"]), "0", "9")
    (True, False)
    """
    signs, _ = bytes_of(texts)
    return not len(signs) or bool(signs.min() >= ord(first) and signs.max() <= ord(last))


def holds(texts: pa.StringArray, sign: str) -> bool:
    """Whether any text holds a sign of ASCII."""
    return bool((bytes_of(texts)[0] == ord(sign)).any())


def digits_only(texts: pa.StringArray, decimal: str) -> np.ndarray | None:
    """Numbers of texts that are digits, a minus and a decimal mark; None where one of them is not.

    Examples
    --------
    >>> digits_only(pa.array(["1,5", "-2"]), ",")
    array([ 1.5, -2. ])
    """
    if not are_within(texts, ",", "9") or holds(texts, {",": ".", ".": ","}[decimal]):
        return None
    pointed = texts if decimal == "." else pc.replace_substring(texts, decimal, ".")
    try:
        return pointed.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return None


def hashes(texts: pa.StringArray, key: np.uint64) -> np.ndarray:
    """A number for every text that equal texts share, another one with another key.

    Examples
    --------
    >>> one, other, again = hashes(pa.array(["091", "92", "091"]), np.uint64(1))
    >>> bool(one == again), bool(one == other)
    (True, False)
    """
    if len(texts) > AT_ONCE:
        parts = (texts.slice(first, AT_ONCE) for first in range(0, len(texts), AT_ONCE))
        return np.concatenate([hashes(part, key) for part in parts])
    signs, begins = bytes_of(texts)
    signs = np.append(signs, np.zeros(WORD, np.uint8))
    words = np.ndarray(len(signs) - WORD + 1, np.uint64, signs, strides=(1,))  # one from every byte on
    lengths = np.diff(begins)
    found = lengths.astype(np.uint64) * MIXERS[0] + key
    for start in range(0, int(lengths.max(initial=0)), WORD):
        longer = np.flatnonzero(lengths > start) if start else slice(None)
        left = np.minimum(lengths[longer] - start, WORD)
        found[longer] = _mixed(found[longer] ^ (words[begins[:-1][longer] + start] & FIRST_BYTES[left]))
    return found


def _mixed(numbers: np.ndarray) -> np.ndarray:
    for mixer in MIXERS:
        numbers = numbers * mixer
        numbers ^= numbers >> np.uint64(32)
    return numbers
