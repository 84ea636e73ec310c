"""Work that is killed just before one of its steps that write, in a process of its own.

Belongs here: counting the steps, the process, its exit code.
Does not: what must hold afterwards.

The process is forked: starting Python and its libraries anew for each step would take most of the time.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

WRITING = {
    "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "shutil.rmtree",
}  # fmt: skip


def in_a_fork(work: Callable[..., object], *arguments: object, **options: object) -> int:
    """Do the work in a child of this process; its exit code, which is 1 where it raised."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work(*arguments, **options)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_before(fatal_step: int, after: str = "") -> None:
    """Kill this process just before its n-th step that writes from now on, and print which that was.

    Args:
        fatal_step: The step, counted from 1.
        after: Count from the first step whose path holds this.
    """
    steps = 0

    def die_in_time(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if event in WRITING or (event == "open" and set("wa") & set(arguments[1] or "")):
            if not steps and after not in str(arguments[0]):
                return
            steps += 1
            if steps == fatal_step:
                os.write(1, f"{event} {arguments[0]}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die_in_time)


def dies_before(fatal_step: int, work: Callable[..., object], *arguments: object, **options: object) -> bool:
    """Whether the work was killed before its n-th step that writes; not, where it has fewer.

    Raises:
        AssertionError: The work failed on its own.
    """

    def watched() -> None:
        die_before(fatal_step)
        work(*arguments, **options)

    exit_code = in_a_fork(watched)
    assert exit_code in (0, -signal.SIGKILL), f"before step {fatal_step}: ended with {exit_code}"
    return exit_code != 0
