"""One writer at a time: the lock that guards loading, building, publishing and rolling back.

Belongs here: taking the lock, saying who holds it.
Does not: waiting or queueing; whoever comes second gets an error.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestration.core.errors import RekindleError
from orchestration.files import is_alive
from orchestration.project import Home
from orchestration.warehouse.former_home import adopt_former_home


class Busy(RekindleError):
    """Another process is loading, building, publishing or rolling back in this home.

    Attributes:
        pid: The process that holds the lock, or None when it could not be read.
        doing: What that process said it does.
        since: Since when, UTC.
    """

    exit_code = 75  # EX_TEMPFAIL: the same command may succeed later

    def __init__(self, lock_file: Path, holder: dict[str, Any]) -> None:
        self.pid: int | None = holder.get("pid")
        self.doing: str = holder.get("doing", "something it did not name")
        self.since: str = holder.get("since", "an unknown time")
        super().__init__(
            f"{lock_file.parent} is in use: process {self.pid or 'unknown'} is busy with {self.doing} "
            f"since {self.since}. Wait until it has finished and try again; if it hangs, end that process: "
            "the lock goes with it, no file needs to be deleted."
        )


@contextmanager
def hold_build_lock(home: Home, doing: str) -> Iterator[None]:
    """Hold the home's lock while the block runs.

    The kernel releases a ``flock`` with the process, however it ends, so there are no stale locks; the
    file's content only tells others who holds it.

    Args:
        home: The home that is about to be changed.
        doing: What this process does, for whoever comes second: "building 2025-12-28".

    Raises:
        Busy: Another process holds it, or this one does already.
        RekindleError: The home has folders of an earlier version beside those of today.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(home.lock_file, _holder(descriptor)) from None
        try:
            _write_holder(descriptor, doing)
            adopt_former_home(home)
            yield
        finally:
            os.ftruncate(descriptor, 0)
            # Said aloud, since closing alone leaves the lock with any child forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _write_holder(descriptor: int, doing: str) -> None:
    holder = {
        "pid": os.getpid(),
        "doing": doing,
        "since": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    }
    content = json.dumps(holder).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, content, 0)


def _holder(descriptor: int) -> dict[str, Any]:
    """Who holds the lock; asked again for a moment, since a fresh holder writes just after it locks."""
    for _ in range(5):
        try:
            holder = json.loads(os.pread(descriptor, 4096, 0))
            if is_alive(holder["pid"]):
                return holder
        except (ValueError, KeyError):
            pass
        time.sleep(0.02)
    return {}
