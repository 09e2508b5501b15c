"""The use cases of matching: keeping the book, clearing, deciding on proposals."""

from services.matching.service import book, clear, decide

__all__ = ["book", "clear", "decide"]
