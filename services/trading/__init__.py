"""Trades: agreed by both sides, delivered by loads, settled to the fen; cancelled before loading; disputed in part.

Writes `huanliu.trading`; reads `huanliu.accounts`, `huanliu.matching` and `huanliu.logistics`.
"""
