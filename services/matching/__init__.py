"""Matching: owns its book (a copy of open lots and demands), clearings, proposals, tenders, framework agreements and prices.

Writes `huanliu.matching`; reads `huanliu.accounts`, `huanliu.listings`, `huanliu.trading`,
`huanliu.logistics` and `huanliu.regions`.
"""
