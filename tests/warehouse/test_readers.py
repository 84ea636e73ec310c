"""Readers during publications: every look shows one build as a whole, and never an error."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from made_by_hand import publish_one, stamps

from orchestration.warehouse.versions import connect_published, verify

# As a BI tool does it: the link, read-only, nothing of ours in between.
BI_TOOL = """
import json, sys, time
from pathlib import Path
import duckdb
from made_by_hand import stamps
link, finished = Path(sys.argv[1]), Path(sys.argv[2])
seen, looks = set(), 0
while not finished.exists():
    with duckdb.connect(str(link), read_only=True) as connection:
        found = stamps(connection)
        assert len(found) == 1, f"a mixture of {found}"
        assert stamps(connection) == found, "another build within one connection"
    seen |= found
    looks += 1
    time.sleep(0.1)
print(json.dumps({"looks": looks, "builds_seen": len(seen)}))
"""


@pytest.fixture
def bi_tools(home, tmp_path):
    """Two processes that look at the published file until it is over."""
    finished = tmp_path / "finished"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", BI_TOOL, str(home.published_file), str(finished)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    def end() -> list[dict[str, int]]:
        finished.touch()
        answers = [process.communicate(timeout=60) for process in processes]
        assert [process.returncode for process in processes] == [0, 0], answers
        return [json.loads(out) for out, _ in answers]

    yield end
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize("publications", [15, pytest.param(50, marks=pytest.mark.slow)])
def test_publications_in_a_row_never_show_a_mixture_or_an_error(home, request, publications):
    publish_one(home, 0)
    end = request.getfixturevalue("bi_tools")
    over = threading.Event()
    seen: set[str] = set()
    errors: list[Exception] = []

    def look():
        try:
            while not over.is_set():
                with connect_published(home) as connection:
                    found = stamps(connection)
                    assert len(found) == 1, f"a mixture of {found}"
                    seen.update(found)
                time.sleep(0.1)  # cores are few; the publications need one
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for number in range(1, publications + 1):
            publish_one(home, number, rows=1000 + number)
    finally:
        over.set()
        thread.join()
    assert errors == []
    assert verify(home) == []
    # That they did look while versions changed; a test that sees one version proves nothing.
    assert len(seen) > publications / 5
    for answer in end():
        assert answer["builds_seen"] > publications / 5, answer
