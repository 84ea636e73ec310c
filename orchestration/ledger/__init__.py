"""The ledger: audiences of campaign weeks, sealed once and never changed.

Belongs here: sealing, correcting, verifying what is sealed by its manifests, telling a build of it.
Does not: deciding who enters (``models/audiences``), files for sending tools (exports).
"""
