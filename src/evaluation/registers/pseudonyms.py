"""Pseudonyms and the running numbers of their persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.registers.cleaning import UNKNOWN_PERSON
from evaluation.texts import hashes


@dataclass(frozen=True)
class Pseudonyms:
    """Pseudonyms by person number, found by a hash that no two of them share."""

    texts: pa.StringArray
    key: np.uint64
    hashes: np.ndarray  # sorted
    numbers: np.ndarray

    @classmethod
    def of(cls, texts: pa.StringArray) -> Pseudonyms:
        """All pseudonyms, each once, in the order of their numbers."""
        key = np.uint64(0)
        while True:
            found = hashes(texts, key)
            numbers = np.argsort(found)
            found = found[numbers]
            if (found[1:] != found[:-1]).all():
                return cls(texts, key, found, numbers.astype(np.int32))
            key += np.uint64(1)

    def numbers_of(self, texts: pa.StringArray) -> np.ndarray:
        """Running numbers of persons, or what stands for unknown ones."""
        if not len(self.texts):
            return np.full(len(texts), UNKNOWN_PERSON, np.int32)
        asked = hashes(texts, self.key)
        order = np.argsort(asked)  # neighbours are found sooner than what lies all over the place
        found = np.empty(len(texts), np.int32)
        places = np.searchsorted(self.hashes, asked[order])
        found[order] = self.numbers[places.clip(max=len(self.hashes) - 1)]
        same = pc.equal(self.texts.take(pa.array(found)), texts).to_numpy(zero_copy_only=False)
        return np.where(same, found, np.int32(UNKNOWN_PERSON))
