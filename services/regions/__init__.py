"""Regions: the mass ledger, the volumes of every region, allowances of new output, alarms, and the market's public picture.

Owns: postings and lots' accounts (`ledger/`), volume facts and their hourly cells, small copies for the market's picture;
rules of allowances and of alarms, with what they allow and raise; targets; monthly returns; what is published of a day to all.
Writes: topic `huanliu.regions`. Reads: accounts, listings, matching, trading, logistics.
"""
