"""The matching room: a book copied from listings, clearings, proposals and prices. Writes `huanliu.matching`; reads
`huanliu.accounts`, `huanliu.listings` and `huanliu.trading`."""
