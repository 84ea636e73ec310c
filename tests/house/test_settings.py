"""Settings: what a file holds is declared beside it, and read; what is read is declared.

Belongs here: comparing the files of settings with their yml and with the SQL and Python that reads them.
Does not: what is wrong with a row (tests/core/test_settings.py).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.settings import FOLDERS, setting_types
from orchestration.project import SEEDS_DIR

_CALL = re.compile(r"settings\('(\w+)',\s*\[(.*?)\]", re.DOTALL)
DECLARED = {name: set(setting_types(name)) for name in FOLDERS}


def read_by_sql(text: str) -> set[tuple[str, str]]:
    """File and setting of every call of the macro."""
    return {(file, name) for file, names in _CALL.findall(text) for name in re.findall(r"'(\w+)'", names)}


def read_by_python(tree: ast.Module) -> set[str]:
    """Every text by which a module looks something up, or lists what it looks up."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def looked_up(tree: ast.Module) -> Iterator[str]:
    """Settings that a module takes out of what it read, by `settings[...]` or `read_settings(...)[...]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            taken_from = ast.unparse(node.value)
            if taken_from == "settings" or taken_from.startswith("read_settings("):
                yield node.slice.value


def setting_faults(declared, sql, trees):
    """Settings that nobody reads, and reads of settings that are not declared."""
    by_sql = read_by_sql(sql)
    by_python = {name for tree in trees for name in read_by_python(tree)}
    for file, names in declared.items():
        for name in sorted(names):
            if (file, name) not in by_sql and name not in by_python:
                yield f"{file}: nobody reads {name}"
    for file, name in sorted(by_sql):
        if name not in declared.get(file, ()):
            yield f"SQL reads {name} of {file}, which has no such setting"
    known = set().union(*declared.values())
    for name in sorted({name for tree in trees for name in looked_up(tree)} - known):
        yield f"Python reads the setting {name}, which no file has"


def test_every_file_holds_the_settings_that_are_declared_and_says_why():
    for name, folder in FOLDERS.items():
        rows = read_rows(SEEDS_DIR / folder / f"{name}.csv")
        assert [row["setting"] for row in rows] == list(setting_types(name))
        assert all(row["unit"] and row["why"].endswith(".") for row in rows)


def test_every_file_of_settings_is_known():
    assert {path.stem for path in SEEDS_DIR.rglob("*_settings.csv")} == set(FOLDERS)


def one_row_files(folder):
    """Files that hold a single row: their columns are settings."""
    return [path.name for path in sorted(folder.rglob("*.csv")) if len(read_rows(path)) == 1]


def test_no_file_is_a_row_of_settings():
    assert one_row_files(SEEDS_DIR) == []


def test_a_file_of_one_row_is_found(tmp_path):
    (tmp_path / "opening.csv").write_text("open_days,shut_days\n6,1\n", encoding="utf-8")

    assert one_row_files(tmp_path) == ["opening.csv"]


def test_every_setting_is_read_and_every_setting_read_exists(sql_files, modules):
    sql = "\n".join(file.text for file in sql_files)
    assert list(setting_faults(DECLARED, sql, [module.tree for module in modules])) == []


def test_a_setting_that_nobody_reads_or_has_is_found():
    sql = "{{ settings('shop_settings', ['open_days',\n 'shut_days']) }}"
    tree = ast.parse('settings["rent_amount"]; read_settings("shop_settings")["most_goods"]')
    declared = {"shop_settings": {"open_days", "rent_amount", "idle_days"}}

    assert list(setting_faults(declared, sql, [tree])) == [
        "shop_settings: nobody reads idle_days",
        "SQL reads shut_days of shop_settings, which has no such setting",
        "Python reads the setting most_goods, which no file has",
    ]
