"""Erasing people, across rooms: deliveries, vault, ledger, exports and published versions.

Belongs here: the order of it, and rewriting the files of each room.
Does not: what is kept about erasures (warehouse.erasures), asking for one (cli).
"""
