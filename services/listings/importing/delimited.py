"""Text with separators: what encoding, what separator, and its rows one by one."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from services.listings.importing.faults import FileIsUnreadable

SNIFFED = 4096
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "旧版 XLS 或加密的文件", "an old XLS file, or one with a password"),
    (b"%PDF", "PDF", "a PDF"),
    (b"\x89PNG", "图片", "a picture"),
    (b"\xff\xd8\xff", "图片", "a picture"),
    (b"\x1f\x8b", "gzip 压缩文件", "a gzip file"),
    (b"Rar!", "RAR 压缩文件", "a RAR file"),
    (b"7z\xbc\xaf", "7z 压缩文件", "a 7z file"),
)


def lines_of(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on. Raises FileIsUnreadable, where a record is broken once it is reached."""
    for magic, zh, en in _OTHERS:
        if content.startswith(magic):
            raise FileIsUnreadable(
                f"这是{zh}，请另存为 XLSX 或 CSV 后上传", f"This is {en}; save it as XLSX or CSV and send that"
            )
    encoding = _encoding(content)
    with io.TextIOWrapper(io.BytesIO(content), encoding, newline="") as text:
        head = text.read(SNIFFED)
    separator = max((",", "\t", ";"), key=head.count)
    return _records(io.TextIOWrapper(io.BytesIO(content), encoding, newline=""), separator)


def _records(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=separator, strict=True)
    begin = 1
    try:
        for cells in reader:
            yield begin, cells
            begin = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            most = csv.field_size_limit()
            raise FileIsUnreadable(
                f"第 {begin} 行有单元格超过 {most:,} 个字符", f"Line {begin} has a cell of more than {most:,} characters"
            ) from error
        raise FileIsUnreadable(
            f"第 {begin} 行起不是完整的 CSV（引号不成对）", f"From line {begin} on this is no whole CSV: {error}"
        ) from error


def _encoding(content: bytes) -> str:
    """Decoded once from end to end, so that nothing of a file is used whose end is of another kind."""
    named: list[str] = [encoding for bom, encoding in _BOMS if content.startswith(bom)]
    for encoding in named or ["utf-8", "gb18030"]:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            binary = any(
                "\0" in decoder.decode(content[at : at + 65536], at + 65536 >= len(content))
                for at in range(0, len(content), 65536)
            )
        except UnicodeDecodeError:
            continue
        if binary:
            raise FileIsUnreadable("这不是表格，而是二进制文件", "This is no spreadsheet but a binary file")
        return encoding
    raise FileIsUnreadable("文件编码应为 UTF-8 或 GB18030", "The file must be UTF-8 or GB18030 text")
