"""Regions: the mass ledger, the volumes of every region, and the public picture of the market.

Owns: postings and lots' accounts (`ledger/`), volume facts and their hourly cells, small copies for the market's picture.
Writes: topic `huanliu.regions`. Reads: accounts, listings, matching, trading, logistics.
"""
