"""The exports: files for sending tools, of what is published and sealed.

Belongs here: holding an export against seal, consent and vault, filling copy, writing its folder once.
Does not: deciding who enters (``models/audiences``), sealing (ledger.seals), sending.
"""
