"""Freight quotes and haulage: the loads of each trade, their carriers, tickets with photos, inspections, what was received.

Writes `huanliu.logistics`; reads `huanliu.accounts` and `huanliu.trading`.
"""
