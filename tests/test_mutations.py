"""A sample of the mutated deliveries of `make mutations`: no uncaught exception, no hang, no person shown."""

import time
from collections import Counter

import pytest
from validation import mutations
from validation.mutations import Hang, chunk, time_limit


def test_a_sample_of_mutated_inputs_ends_in_tables_or_in_a_sentence():
    counts, wrong = chunk(range(600), 2)
    assert not wrong
    kinds = Counter()
    for (kind, _), number in counts.items():
        kinds[kind] += number
    assert sum(kinds.values()) == 600 and set(kinds) >= {"layout", "values", "file"}
    assert counts["layout", "refused"] > 100 and counts["file", "read"] > 0


def test_the_same_number_gives_the_same_input(tmp_path):
    first = [mutations.run(number, seed=3, folder=tmp_path) for number in range(30)]
    assert first == [mutations.run(number, seed=3, folder=tmp_path) for number in range(30)]


def test_a_hang_an_uncaught_exception_and_a_person_in_a_message_are_found(tmp_path, monkeypatch):
    with pytest.raises(Hang), time_limit(0.05):
        time.sleep(5)

    def wrong(raw, rng):
        raise KeyError("x")

    def telling(raw, rng):
        raise ValueError(f"unknown code {sorted(mutations.IDS[raw.name])[0]}")

    for function, said in ((wrong, "KeyError"), (telling, "a message shows a person")):
        monkeypatch.setattr(mutations, "INPUTS", dict.fromkeys(mutations.INPUTS, function))
        assert said in mutations.run(1, seed=1, folder=tmp_path)[1]
