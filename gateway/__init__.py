"""The only public port: routes, API keys, limits, the one OpenAPI document, the console's first page.

It writes no topic and reads none; its own database keeps rate limits.
"""
