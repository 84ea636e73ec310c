"""Faults of the world: definitions edited badly, files cut, disks full. All end in a sentence."""
