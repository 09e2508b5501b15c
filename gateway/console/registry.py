"""What a page is. Each file of `pages/` has a table of them at its foot; the console's map is made of those tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Response

View = Callable[..., "Response"]
"""`view(visit, **parts of the path)`, of a `Visit`."""


@dataclass(frozen=True)
class Page:
    """`roles` empty: for everybody. `word`: its name in the rail, a key of its area's texts; empty: not in the rail. `icon` is
    a file of `static/icons.svg`; `posts`: it takes forms, at its own address."""

    path: str
    view: View
    roles: tuple[str, ...] = ()
    word: str = ""
    icon: str = ""
    group: str = ""
    """The heading in the rail under which it stands, a shared word; none of what is done every day, which comes first."""
    posts: bool = False
    files: bool = False
    """Its forms may carry files."""


@dataclass(frozen=True)
class Area:
    """The pages of one role or purpose; `name` names its templates' folder and its words."""

    name: str
    pages: Sequence[Page]

    @property
    def home(self) -> str:
        return self.pages[0].path


ON_PHONE = 4
"""What the phone's bar has room for, beside «more»: the first of the rail."""


def rail(areas: Iterable[Area], role: str | None) -> list[tuple[Area, Page]]:
    """What the rail shows to this role, its own pages first."""
    found = [(area, page) for area in areas for page in area.pages if page.word]
    if role is None:
        return [(area, page) for area, page in found if not page.roles]
    own = [(area, page) for area, page in found if role in page.roles]
    return own + [(area, page) for area, page in found if not page.roles]
