"""Organisations, their users and sites, sign-in: the room that says who somebody is.

Owns organisations, users, sessions (refresh tokens), API keys, the signing key of access tokens, sites and their compliance
entries. Writes `huanliu.accounts`; reads no topic.
"""
