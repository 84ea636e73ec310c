"""The exports: files for sending tools, of what is published and sealed.

Belongs here: checking an export by seal, consent and vault, filling copy, writing its folder once.
Does not: deciding who enters (``models/audiences``), sealing (ledger.seals), sending.
"""
