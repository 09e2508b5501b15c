"""The use cases of matching: keeping the book, clearing, deciding on proposals, tenders, framework agreements, explaining."""

from services.matching.service import agreements, allowances, book, clear, decide, explain, online, tenders

__all__ = ["agreements", "allowances", "book", "clear", "decide", "explain", "online", "tenders"]
