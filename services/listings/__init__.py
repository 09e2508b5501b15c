"""The listings room: lots, demands, and how many kilograms of each are available, reserved, consumed and unsold.

It is the one authority on quantities: what a clearing proposes counts only once it is reserved here on both sides. Writes
the topic `huanliu.listings`; reads `huanliu.accounts` (organisations, sites), `huanliu.matching` (proposals),
`huanliu.trading` (trades) and `huanliu.logistics` (loads received or returned). Keeps the search index, and people's saved
searches, of which it says which lots and demands fit them as they arrive.
"""
