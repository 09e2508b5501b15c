"""Notices: what happened that concerns somebody, as one log that streams, webhooks and messages read.

The same files as a room; the database is the gateway's own (`protocol.md` 12). Reads every room's topic, writes none.
"""
