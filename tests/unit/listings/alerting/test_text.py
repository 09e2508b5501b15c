"""Tokens and words of alerts."""

from __future__ import annotations

import pytest

from services.listings.alerting import Word, analyse
from services.listings.alerting.text import Vocabulary, within

TITLE = ("title",)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("重废HMS1 No. 1", ["重", "废", "hms1", "no", "1"]),
        ("GB/T 4223-2017", ["gb", "t", "4223", "2017"]),
        ("steel.hms1 3.5mm 1,000 can't", ["steel.hms1", "3.5mm", "1,000", "can't"]),
        ("HMS 1&2, wet.", ["hms", "1", "2", "wet"]),
        ("スクラップ①", ["スクラップ"]),
        ("_ a_b", ["a_b"]),
        ("", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert analyse(text) == tokens


@pytest.mark.parametrize(
    ("wanted", "found", "edits", "same"),
    [
        ("newsprnt", "newsprint", 2, True),
        ("cooper", "copper", 1, True),
        ("coppre", "copper", 1, True),
        ("steel", "stele", 1, True),
        ("hms11", "hms222", 1, False),
        ("copper", "cop", 2, False),
        ("abcdef", "bacdfe", 2, True),
        ("abcdef", "badcfe", 2, False),
    ],
)
def test_slips_of_the_keyboard(wanted: str, found: str, edits: int, same: bool) -> None:
    assert within(wanted, found, edits) is same


def test_a_word_is_found_until_nobody_asks_for_it() -> None:
    words = [Word(("重", "废"), TITLE), Word(("heav",), TITLE, beginning=True), Word(("dry",), ("description",))]
    vocabulary = Vocabulary()
    vocabulary.add(words)
    vocabulary.add(words[:1])
    document = {"title": "heavy 重废", "names": ["dry"], "description": "重 废 dry"}
    assert vocabulary.found(document) == set(words)
    vocabulary.discard(words)
    assert vocabulary.found(document) == {words[0]}
    vocabulary.discard(words[:1])
    assert vocabulary.found(document) == set()


def test_names_that_return_are_read_anew_when_somebody_asks_for_another_word() -> None:
    vocabulary = Vocabulary()
    vocabulary.add([Word(("a",), ("names",))])
    document = {"names": ["a b"]}
    assert len(vocabulary.found(document)) == 1
    vocabulary.add([Word(("b",), ("names",))])
    assert len(vocabulary.found(document)) == 2
