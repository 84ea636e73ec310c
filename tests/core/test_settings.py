"""What is refused about settings, and what their values become."""

from decimal import Decimal

import pytest

from orchestration.core.definition_rows import HIDDEN, Row
from orchestration.core.errors import InputFault
from orchestration.core.settings import setting_faults, typed
from orchestration.definitions_files.settings import FOLDERS, check_settings, read_settings
from orchestration.project import SEEDS_DIR

TYPES = {"most_days": "integer", "least_share": "decimal(9,3)", "salt": "varchar"}
WHOLE = "a whole number up to 2,147,483,647"
SOUND = [("most_days", "28"), ("least_share", "0.125"), ("salt", "first")]


def faults(*pairs):
    rows = [
        Row("shop_settings.csv", line, {"setting": name, "value": value})
        for line, (name, value) in enumerate(pairs, start=2)
    ]
    return [str(fault) for fault in setting_faults("shop_settings.csv", rows, TYPES)]


def test_sound_settings_have_no_fault_and_become_values():
    assert faults(*SOUND) == []
    assert typed(dict(SOUND), TYPES) == {"most_days": 28, "least_share": Decimal("0.125"), "salt": "first"}
    assert faults(("most_days", "2147483647"), ("least_share", "999999.999"), SOUND[2]) == []


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (SOUND[:2], ":1 setting 'salt': missing; add a row, its value a text"),
        ([*SOUND, SOUND[0]], ":5 setting 'most_days': stands in line 2 as well; name it once"),
        (
            [*SOUND, ("most_day", "28")],
            ":5 setting 'most_day': nothing reads it; allowed: most_days, least_share, salt",
        ),
        ([("most_days", "2.5"), *SOUND[1:]], f":2 setting 'most_days': value '2.5'; allowed: {WHOLE}"),
        ([("most_days", "all"), *SOUND[1:]], f":2 setting 'most_days': value 'all'; allowed: {WHOLE}"),
        ([("most_days", "9" * 10), *SOUND[1:]], f":2 setting 'most_days': value {HIDDEN}; allowed: {WHOLE}"),
        (
            [SOUND[0], ("least_share", "0.1255"), SOUND[2]],
            ":3 setting 'least_share': value '0.1255'; allowed: a number with at most 3 decimal places, "
            "up to 999,999",
        ),
        ([*SOUND[:2], ("salt", " ")], ":4 setting 'salt': value ' '; allowed: a text"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_setting(pairs, told):
    assert faults(*pairs) == [f"shop_settings.csv{told}"]


def test_the_delivered_settings_have_no_fault():
    check_settings()


def test_a_build_is_told_the_faults_of_all_files_at_once(tmp_path):
    for name, folder in FOLDERS.items():
        (tmp_path / folder).mkdir()
        text = (SEEDS_DIR / folder / f"{name}.csv").read_text(encoding="utf-8")
        text = text.replace("\nridge,0.0001,", "\nridge,little,").replace("\nhold_weeks,", "\nheld_weeks,")
        (tmp_path / folder / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputFault) as told:
        check_settings(tmp_path)
    assert str(told.value).splitlines()[0].startswith("3 faults in the setting definitions")
    assert "churn_settings.csv:15 setting 'ridge': value 'little'" in str(told.value)
    assert "value_settings.csv:4 setting 'held_weeks': nothing reads it" in str(told.value)
    assert "value_settings.csv:1 setting 'hold_weeks': missing" in str(told.value)
    with pytest.raises(InputFault, match="1 fault"):
        read_settings("churn_settings", tmp_path)
