"""`huanliu audit`: proof that the mass ledger balances and that services, topics and index agree.

It reads every room's database (all at one moment), the topics and the index, and reckons what each must hold from what the
others say: never from a copy that one side keeps of another.
"""
