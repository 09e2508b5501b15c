"""The use cases of matching: keeping the book, clearing, deciding on proposals, explaining."""

from services.matching.service import book, clear, decide, explain, online

__all__ = ["book", "clear", "decide", "explain", "online"]
