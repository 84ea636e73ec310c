"""A publication that dies anywhere leaves readers a whole version, and publishing again finishes it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_by_hand import finished_build, publish_one, stamps

from orchestration.warehouse.builds import audit
from orchestration.warehouse.publish import publish
from orchestration.warehouse.versions import connect_published, current_version, list_versions, verify

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parents[1])))}

# One process forks a publisher for each step of a publication.
DIES_BEFORE_EVERY_STEP = """
import signal, sys
from pathlib import Path
import duckdb, pyarrow.parquet
from made_by_hand import finished_build, publish_one, stamps
from orchestration.project import Home
from orchestration.warehouse.builds import AlreadyPublished, audit, waiting_build
from orchestration.warehouse.publish import publish, remove_leftovers
from orchestration.warehouse.versions import connect_published, current_version, verify
from tests.killing import die_before, in_a_fork

home = Home(Path(sys.argv[1]))


def name_of(number):
    return f"2025-12-28-{number:08x}"


def publish_and_die_before(fatal_step, number):
    build = finished_build(home, number)
    audit(build)
    die_before(fatal_step)
    publish(home, build)


def check_and_finish(number):
    died, former = name_of(number), name_of(number - 1)
    assert current_version(home) in (died, former), current_version(home)
    assert verify(home) == []
    with connect_published(home) as connection:
        assert stamps(connection) == {current_version(home)}
    try:
        publish(home, waiting_build(home))
    except AlreadyPublished as told:
        assert str(told) == f"{died} (as of 2025-12-28) is published; nothing waits to be."
        remove_leftovers(home)
    assert current_version(home) == died
    assert verify(home) == []
    names = [path.name for path in (home.serving / "builds").iterdir()]
    assert len(names) <= 3 and not any(name.startswith(".") for name in names), names
    assert [path.name for path in home.builds.iterdir()] == ["development"]


for number in range(3):
    assert in_a_fork(publish_one, home, number) == 0
step, number = 1, 3
while (exit_code := in_a_fork(publish_and_die_before, step, number)) != 0:
    assert exit_code == -signal.SIGKILL, exit_code
    # Once the build is out of sight, removing one more of its files makes no difference to anybody.
    step += 1 if (home.builds / name_of(number)).exists() else 6
    assert in_a_fork(check_and_finish, number) == 0
    number += 1
print("survived", number - 3)
"""

FILLS_THE_DISK = """
import resource, sys
from pathlib import Path
from orchestration.core.errors import RekindleError
from orchestration.project import Home
from orchestration.warehouse.builds import audit, unpublished_builds
from orchestration.warehouse.publish import publish

home = Home(Path(sys.argv[1]))
[build] = unpublished_builds(home)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    publish(home, build)
except RekindleError as error:
    print(error)
    sys.exit(error.exit_code)
"""

AUDITS = """
import sys
from pathlib import Path
from orchestration.project import Home
from orchestration.warehouse.builds import audit, unpublished_builds
[build] = unpublished_builds(Home(Path(sys.argv[1])))
print("begins", flush=True)
audit(build)
"""


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_killed_before_any_step_readers_have_a_whole_version_and_publishing_again_finishes(home):
    process = run(DIES_BEFORE_EVERY_STEP, home.root)
    assert process.returncode == 0, process.stderr + process.stdout
    *died_before, survived = process.stdout.splitlines()
    assert int(survived.split()[1]) > 12
    # That the deaths were spread over what matters.
    for step in ("os.symlink", "os.rename", "os.chmod", "shutil.rmtree"):
        assert any(line.startswith(step) for line in died_before), step


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 5, 10])
def test_killed_while_the_audit_leaves_what_is_public_it_is_audited_again(home, milliseconds):
    former = publish_one(home, 1)
    build = finished_build(home, 2, rows=200_000)
    auditor = subprocess.Popen(
        [sys.executable, "-c", AUDITS, str(home.root)], env=ENVIRONMENT, stdout=subprocess.PIPE
    )
    assert auditor.stdout.readline() == b"begins\n"
    time.sleep(milliseconds / 1000)
    auditor.kill()
    auditor.wait()
    auditor.stdout.close()
    assert current_version(home) == former.build_id
    assert verify(home) == []
    assert audit(build)["core.dim_member"] == 200_000
    publish(home, build)
    assert verify(home) == []


def test_on_a_full_disk_an_audit_fails_and_can_be_repeated(home):
    build = finished_build(home, 1, rows=300_000)
    process = run(FILLS_THE_DISK.replace("publish(home, build)", "audit(build)"), home.root, 300_000)
    assert process.returncode == 1, process.stderr
    assert not build.audit_file.exists()
    audit(build)
    publish(home, build)
    assert verify(home) == []


def test_on_a_full_disk_readers_have_the_former_version_and_are_told_what_to_do(home):
    former = publish_one(home, 1)
    build = finished_build(home, 2, rows=300_000)
    audit(build)
    process = run(FILLS_THE_DISK, home.root, 100)
    assert process.returncode == 1, process.stderr
    assert f"Readers keep version {former.build_id}" in process.stdout
    assert "free space" in process.stdout
    assert current_version(home) == former.build_id
    assert verify(home) == []
    assert [version.build_id for version in list_versions(home)] == [former.build_id]
    # With space again the same build goes out; it was not lost.
    assert publish(home, build).build_id == current_version(home)
    with connect_published(home) as connection:
        assert stamps(connection) == {build.build_id}
