"""Files that an erasure cannot look into: named and kept in mind, while all others are freed of the person.

Belongs here: which errors mean that, in words that hold nothing of what the file holds.
Does not: rewriting files, what is said of all of them together (``people.py``).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.csv_files.cells import CsvFault
from orchestration.project import Home

# Not a fault of one file: nothing can be written any more.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass
class Unsearched:
    """What could not be looked into, under which name and why.

    Attributes:
        home: The home.
        why: Reason by path inside the home.
    """

    home: Home
    why: dict[str, str] = field(default_factory=dict)

    def note(self, path: Path, why: str) -> None:
        """Keep one in mind."""
        self.why[str(path.relative_to(self.home.root))] = why

    @contextmanager
    def unless_read(self, path: Path) -> Iterator[None]:
        """Note the path where the block cannot read or replace it.

        Raises:
            OSError: The disk is full or cannot be written at all.
        """
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            self.note(path, error.strerror or "is damaged")
        except CsvFault as fault:
            self.note(path, str(fault))
        except (pa.ArrowException, duckdb.Error) as error:
            # The engine's own text may quote a value.
            self.note(path, f"is not a readable Parquet file ({type(error).__name__})")
        except (ValueError, KeyError, TypeError):
            self.note(path, "is not as it was written")
