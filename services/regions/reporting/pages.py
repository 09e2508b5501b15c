"""A return as pages of A4 with the font within: Noto Sans SC (SIL Open Font License 1.1), of which only the signs used are
embedded, so that it looks the same on machines without Chinese fonts."""

from __future__ import annotations

from collections.abc import Sequence

import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from services.regions.model import Column, Language, Return, Section
from services.regions.reporting.words import bracketed, head_of, labelled, said, text_of, word
from shared.clock import SHANGHAI

FONT = "Noto Sans SC"
MARGIN_MM = 16.0
INK, QUIET, LINE, HEAD = (28, 36, 33), (91, 102, 96), (196, 206, 201), (227, 236, 232)
TEXT_WIDTH, NUMBER_WIDTH = 3, 2
"""How wide columns of texts are beside those of figures."""
COUNT = "{}"
"""Stands for the number of pages until it is known: about as wide, so that the foot ends at the margin."""
TOGETHER = 3
"""Rows at a table's end that stand on one page: a total is read beside what it sums."""


class _Pages(FPDF):
    """With a foot on every page."""

    def __init__(self, made: Return, language: Language) -> None:
        super().__init__(format="A4")
        self.made, self.language = made, language
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 4)
        self.add_font(FONT, "", str(pylopdf_fonts_zh_cn.sans_path()))
        self.set_title(f"{word('title', language)} {made.month}")
        self.set_author("Huanliu")
        self.set_lang("zh-CN" if language == "zh" else "en")
        self.set_creation_date(made.as_of)
        self.alias_nb_pages(COUNT)

    def footer(self) -> None:
        self.set_y(-MARGIN_MM)
        self.set_font(FONT, size=8)
        self.set_text_color(*QUIET)
        place, made = said(self.made.place, self.language), word("made_by", self.language)
        self.cell(0, 5, f"{made} · {place} {self.made.month}", align="L")
        self.set_x(MARGIN_MM)
        self.cell(0, 5, word("page", self.language).replace("{page}", str(self.page_no())).replace("{pages}", COUNT), align="R")


def pdf_of(made: Return, language: Language) -> bytes:
    """The same return gives the same pages."""
    pdf = _Pages(made, language)
    pdf.add_page()
    _say(pdf, word("title", language), 20, INK, 11)
    _say(pdf, f"{bracketed(said(made.place, language), made.region, language)} · {made.month}", 13, INK, 8)
    as_of = f"{made.as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    _say(pdf, f"{word('as_of', language)} {as_of}", 9, QUIET, 5)
    for name in ("unlike", "times"):
        _say(pdf, word(name, language), 9, QUIET, 5)
    for section in made.sections:
        _section(pdf, section, language)
    return bytes(pdf.output())


def _say(pdf: FPDF, text: str, size: float, colour: tuple[int, int, int], height: float) -> None:
    pdf.set_font(FONT, size=size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _section(pdf: FPDF, section: Section, language: Language) -> None:
    if pdf.will_page_break(58):  # its title, its notes, and a table of `TOGETHER`
        pdf.add_page()
    else:
        pdf.ln(7)
    _say(pdf, said(section.title, language), 13, INK, 8)
    notes = [("measure", section.measure), ("source", section.source), *(("remark", one) for one in section.remarks)]
    for name, note in notes:
        _say(pdf, labelled(name, note, language), 8.5, QUIET, 4.5)
    pdf.ln(2)
    if not section.rows:
        _say(pdf, word("nothing", language), 10, INK, 6)
        return
    _table(pdf, section.columns, section.rows, language)


def _table(pdf: FPDF, columns: Sequence[Column], rows: Sequence[Sequence[object]], language: Language) -> None:
    if len(rows) <= TOGETHER:
        _rows(pdf, columns, rows, language)
        return
    _rows(pdf, columns, rows[:-TOGETHER], language)
    with pdf.offset_rendering() as tried:
        _rows(pdf, columns, rows[-TOGETHER:], language, is_headed=False)
    if tried.page_break_triggered:
        pdf.add_page()
    _rows(pdf, columns, rows[-TOGETHER:], language, is_headed=tried.page_break_triggered)


def _rows(
    pdf: FPDF, columns: Sequence[Column], rows: Sequence[Sequence[object]], language: Language, is_headed: bool = True
) -> None:
    pdf.set_font(FONT, size=8)
    pdf.set_text_color(*INK)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.15)
    if not is_headed:
        pdf.line(pdf.l_margin, pdf.y, pdf.l_margin + pdf.epw, pdf.y)
    widths = tuple(TEXT_WIDTH if one.unit == "text" else NUMBER_WIDTH for one in columns)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=widths,
        first_row_as_headings=is_headed,
        headings_style=FontFace(color=INK, fill_color=HEAD),
        line_height=4.6,
        padding=(0.9, 1.2),
        text_align=tuple("LEFT" if one.unit == "text" else "RIGHT" for one in columns),
    ) as table:
        if is_headed:
            table.row([head_of(one, language) for one in columns])
        for row in rows:
            table.row([text_of(cell, column, language) for cell, column in zip(row, columns, strict=True)])  # type: ignore[arg-type]
