"""Freight quotes and haulage: the loads of each trade, their carriers, tickets and their photos, inspections and what was received.

Writes `huanliu.logistics`; reads `huanliu.accounts` and `huanliu.trading`.
"""
