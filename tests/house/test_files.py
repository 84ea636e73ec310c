"""What no file holds: marks of unfinished work, places of one machine, addresses of registries, old words."""

import re

import pytest

from orchestration.project import PROJECT_DIR
from tests.house.reading import written_files

# Written in pieces, so that these rules do not find themselves.
MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATHS = re.compile(
    r"(?<![\w.<>{}*/])/("
    + "|".join(["wo" + "rk", "t" + "mp", "ro" + "ot", "ho" + "me", "Us" + "ers"])
    + r")(/|\b)"
)
REGISTRIES = re.compile(
    r"https?://[^\s'\"]*("
    + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "hub.get" + "dbt", "conda"])
    + ")|--(extra-)?index"
    + "-url"
)
# The field's word in the place of a turn of speech or a former name; written in pieces as above.
WORDS = {
    "say" + "s so": "name what it shows",
    "stan" + "ds on": "is made of, depends on, is based on",
    "gave" + " way": "was overridden",
    "is t" + "old": "gets, is shown",
    "held ag" + "ainst": "compared with, validated by",
    "jud" + "ge": "evaluate, check, validate",
    "out" + "look": "forecast, baseline",
    "rekindle he" + "ld": "rekindle quarantine",
    "rows_" + "held": "rows_quarantined",
    "control ta" + "ble": "own table",
}
# What is history keeps its words, and what reads it.
HISTORY = ("CHANGELOG.md", "docs/decisions/", "orchestration/warehouse/former_home.py")
REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.+!-]+( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def faults(path, text):
    """Marks, places and addresses in one file."""
    for what, pattern in {
        "a mark": MARKS,
        "a place of one machine": MACHINE_PATHS,
        "a registry": REGISTRIES,
    }.items():
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path}:{line} holds {what}: {found.group(0)}"


def old_words(path, text):
    """Words that have another one in this house."""
    if path.startswith(HISTORY):
        return
    for word, instead in WORDS.items():
        for found in re.finditer(rf"\b{word}(s|d|ment)?\b", text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{path}:{line} says {word}; the word is: {instead}"


def lock_faults(path, text):
    """Lines of a lock file that are neither a fixed version nor its hash, and versions without one."""
    hashes = 1
    for line in text.splitlines():
        entry = line.strip().removesuffix("\\").strip()
        if HASH.fullmatch(entry):
            hashes += 1
        elif REQUIREMENT.fullmatch(entry):
            if not hashes:
                yield f"{path}: no hash before {entry}"
            hashes = 0
        else:
            yield f"{path}: {entry} is neither name==version nor a hash"
    if not hashes:
        yield f"{path}: the last entry has no hash"


def test_no_file_holds_a_mark_a_machines_path_or_a_registry():
    files = dict(written_files())
    assert {"README.md", "Makefile", "seeds/seeds.yml", "requirements/run.lock"} <= files.keys()
    assert [found for path, text in files.items() for found in faults(path, text)] == []


def test_every_file_uses_the_words_of_the_house():
    assert [found for path, text in written_files() for found in old_words(path, text)] == []


@pytest.mark.parametrize("word", WORDS)
def test_an_old_word_is_found(word):
    assert len(list(old_words("docs/flow.md", f"a line\nthat {word} here"))) == 1
    assert list(old_words("docs/decisions/0001-x.md", f"that {word} here")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "# TO" + "DO later",
        "see /ho" + "me/ann/x.csv",
        "'/t" + "mp/x'",
        "https://py" + "pi.org/simple",
        "--index" + "-url x",
    ],
)
def test_a_mark_a_path_or_an_address_is_found(planted):
    assert len(list(faults("planted.md", planted))) == 1


@pytest.mark.parametrize(
    "harmless", ["var/tm" + "p", "<home>/tm" + "p_x", "tomorrow", "https://example.org/data"]
)
def test_an_innocent_word_is_not_found(harmless):
    assert list(faults("planted.md", harmless)) == []


@pytest.mark.parametrize("name", ["run", "real", "test"])
def test_lock_files_hold_versions_and_hashes_only(name):
    path = f"requirements/{name}.lock"
    text = (PROJECT_DIR / path).read_text(encoding="utf-8")
    assert len(re.findall("==", text)) > 50
    assert list(lock_faults(path, text)) == []


def test_a_loose_line_in_a_lock_file_is_found():
    good = f"agate==1.9.1 \\\n    --hash=sha256:{'0' * 64}\n"
    assert list(lock_faults("x", good)) == []
    for planted in (
        good.replace("==1.9.1", ">=1.9"),
        "agate==1.9.1\n",
        "agate==1.9.1\n" + good,
        good + "agate @ https://example.org/agate.whl\n",
        "--find-links somewhere\n" + good,
    ):
        assert len(list(lock_faults("x", planted))) == 1
