"""The use cases of matching: keeping the book, clearing, deciding on proposals, tenders, framework agreements, explaining."""

from services.matching.service import agreements, book, clear, decide, explain, online, tenders

__all__ = ["agreements", "book", "clear", "decide", "explain", "online", "tenders"]
