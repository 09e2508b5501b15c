"""Words in texts, as Elasticsearch's standard analyser and its phrase, prefix and fuzzy queries find them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

_IDEOGRAPHS = "\u3005\u3007\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_NUMBER_SIGNS = "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u2189\u2460-\u249b"
_CHARACTER = rf"[^\W{_IDEOGRAPHS}{_KATAKANA}{_NUMBER_SIGNS}]"
_TOKEN = re.compile(
    rf"[{_IDEOGRAPHS}]|[{_KATAKANA}]+|"
    rf"{_CHARACTER}+(?:(?:(?<=[^\W\d_])[.:'’·](?=[^\W\d_{_IDEOGRAPHS}{_KATAKANA}])|(?<=\d)[.,;'’](?=\d)){_CHARACTER}+)*"
)
REMEMBERED = 20_000
"""Of how many lists of names, and of how many tokens, it is kept which words stand in them; most return again and again."""


def analyse(text: str) -> list[str]:
    """The tokens of a text: words in lower case, each ideograph by itself (UAX #29)."""
    return [token for token in _TOKEN.findall(text.lower()) if token.strip("_")]


class Word(NamedTuple):
    """Tokens that must stand one after the other in one of `fields`; with `beginning` the last may go on. `edits` is how many
    slips of the keyboard a single token may have after its first `fixed` letters."""

    tokens: tuple[str, ...]
    fields: tuple[str, ...]
    beginning: bool = False
    edits: int = 0
    fixed: int = 0

    def stands_at(self, tokens: list[str], at: int) -> bool:
        """Whether it is what begins at the token `at` of a text."""
        last = at + len(self.tokens) - 1
        if last >= len(tokens) or any(tokens[at + n] != one for n, one in enumerate(self.tokens[:-1])):
            return False
        wanted, found = self.tokens[-1], tokens[last]
        if found == wanted or (self.beginning and found.startswith(wanted)):
            return True
        return bool(self.edits) and found[: self.fixed] == wanted[: self.fixed] and within(wanted, found, self.edits)

    @property
    def lead(self) -> tuple[str, ...] | str:
        """What leads to it in a text: its first two tokens, or of a single one itself or two letters that it begins with."""
        first = self.tokens[0]
        if len(self.tokens) > 1:
            return self.tokens[:2] if len(self.tokens) > 2 or not self.beginning else self.tokens[:1]
        if not self.beginning and not self.edits:
            return first
        return first[:2] if len(first) > 1 and (not self.edits or self.fixed > 1) else ""


def within(wanted: str, found: str, edits: int) -> bool:
    """Whether letters left out, put in, mistaken or swapped with their neighbour, `edits` of them at most, make one of the
    other (optimal string alignment)."""
    if abs(len(wanted) - len(found)) > edits:
        return False
    before: list[int] = []
    row = list(range(len(found) + 1))
    for i, a in enumerate(wanted, 1):
        above, row = row, [i]
        for j, b in enumerate(found, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == found[j - 2] and wanted[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > edits:
            return False
        before = above
    return row[-1] <= edits


class Vocabulary:
    """Every word that some search asks for, found in a document in one pass."""

    def __init__(self) -> None:
        self._used: Counter[Word] = Counter()
        self._led: defaultdict[tuple[str, ...] | str, list[Word]] = defaultdict(list)
        self._names: dict[tuple[str, tuple[str, ...]], frozenset[Word]] = {}
        self._tokens: dict[tuple[str, str], tuple[Word, ...]] = {}

    def __len__(self) -> int:
        return len(self._used)

    def add(self, words: Iterable[Word]) -> None:
        """Look for these from now on."""
        for word in words:
            if not self._used[word]:
                self._led[word.lead].append(word)
                self._forget()
            self._used[word] += 1

    def discard(self, words: Iterable[Word]) -> None:
        """One search fewer asks for these."""
        for word in words:
            self._used[word] -= 1
            if not self._used[word]:
                del self._used[word]
                led = self._led[word.lead]
                led.remove(word)
                if not led:
                    del self._led[word.lead]
                self._forget()

    def found(self, document: Mapping[str, Any]) -> frozenset[Word]:
        """Those that stand in the document. A field is one text, or a list of names, which return again and again."""
        found: set[Word] = set()
        for field, value in document.items():
            if isinstance(value, str):
                found.update(self._in(field, value))
            elif isinstance(value, list) and value and isinstance(value[0], str):
                found |= self._in_names(field, tuple(value))
        return frozenset(found)

    def _forget(self) -> None:
        self._names.clear()
        self._tokens.clear()

    def _in_names(self, field: str, names: tuple[str, ...]) -> frozenset[Word]:
        known = self._names.get((field, names))
        if known is None:
            if len(self._names) >= REMEMBERED:
                self._names.clear()
            known = frozenset(word for name in names for word in self._in(field, name))
            self._names[field, names] = known
        return known

    def _in(self, field: str, text: str) -> Iterator[Word]:
        tokens = analyse(text)
        for at, token in enumerate(tokens):
            yield from self._in_token(field, token)
            for lead in ((token,), tuple(tokens[at : at + 2])):
                for word in self._led.get(lead, ()):
                    if field in word.fields and word.stands_at(tokens, at):
                        yield word

    def _in_token(self, field: str, token: str) -> tuple[Word, ...]:
        """Words of a single token, misspelt ones among them."""
        known = self._tokens.get((field, token))
        if known is None:
            if len(self._tokens) >= REMEMBERED:
                self._tokens.clear()
            led = [word for lead in {token, token[:2], ""} for word in self._led.get(lead, ())]
            known = tuple(word for word in led if field in word.fields and word.stands_at([token], 0))
            self._tokens[field, token] = known
        return known
