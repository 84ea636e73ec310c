"""The code version that a build carries."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from orchestration.warehouse import code_version as named
from orchestration.warehouse.code_version import code_version


def git(folder, *arguments):
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_the_code_version_is_the_commit_and_tells_when_files_differ_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr(named, "PROJECT_DIR", tmp_path)
    git(tmp_path, "init")
    (tmp_path / "model.sql").write_text("select 1")
    git(tmp_path, "add", "model.sql")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "tag", "-a", "v1", "-m", "a tag")
    commit = code_version()
    assert 7 <= len(commit) <= 40
    assert int(commit, 16) >= 0
    (tmp_path / "model.sql").write_text("select 2")
    assert code_version() == f"{commit}+changed"


def test_without_git_the_code_version_is_the_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(named, "PROJECT_DIR", tmp_path)
    monkeypatch.setattr(named, "version", lambda _: "0.1.0")
    assert code_version() == "0.1.0"
    (tmp_path / ".git").write_text("gitdir: nowhere")
    monkeypatch.setenv("PATH", "")
    assert code_version() == "0.1.0"


def test_of_a_folder_that_is_neither_git_nor_installed_the_code_version_is_unknown(tmp_path, monkeypatch):
    def not_installed(_):
        raise named.PackageNotFoundError

    monkeypatch.setattr(named, "PROJECT_DIR", tmp_path)
    monkeypatch.setattr(named, "version", not_installed)
    assert code_version() == "unknown"
