"""The use cases of matching: keeping the book, clearing, deciding on proposals, tenders, explaining."""

from services.matching.service import book, clear, decide, explain, online, tenders

__all__ = ["book", "clear", "decide", "explain", "online", "tenders"]
