"""How a return is set: as a workbook, and as pages with the Chinese font within. Pure; of the room it knows the model alone,
and only the room's worker loads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.regions.model import LANGUAGES, Format, Language, Return
from services.regions.reporting.pages import pdf_of
from services.regions.reporting.workbook import xlsx_of

BY_FORMAT: Mapping[Format, Callable[[Return, Language], bytes]] = {"xlsx": xlsx_of, "pdf": pdf_of}


def files_of(made: Return) -> dict[str, bytes]:
    """Every file of a return, by `pdf.zh`."""
    return {f"{name}.{language}": render(made, language) for name, render in BY_FORMAT.items() for language in LANGUAGES}


__all__ = ["files_of", "pdf_of", "xlsx_of"]
