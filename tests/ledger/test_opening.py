"""What a build is refused for before it begins.

Belongs here: that nothing is opened while definitions are at fault.
Does not: which faults there are (tests/core).
"""

from datetime import date

import pytest

from orchestration.core.errors import InputFault
from orchestration.ledger.opening import start_build
from orchestration.project import Home


def test_a_build_with_a_setting_at_fault_does_not_begin(tmp_path, monkeypatch):
    def refuse():
        raise InputFault("1 fault in the setting definitions")

    monkeypatch.setattr("orchestration.ledger.opening.check_settings", refuse)
    home = Home(tmp_path)
    with pytest.raises(InputFault, match="1 fault in the setting definitions"):
        start_build(home, {date(2025, 12, 28)}, run_id="run", code_version="code")

    assert list(tmp_path.iterdir()) == []
