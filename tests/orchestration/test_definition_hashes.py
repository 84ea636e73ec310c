"""A campaign's definition hash follows every file that decides who enters it, and no other."""

import shutil

import pytest

from orchestration.definitions_files.hashes import definition_hashes
from orchestration.project import SEEDS_DIR


@pytest.mark.parametrize(
    ("file", "text", "instead", "changed", "same"),
    [
        ("churn/response_capacity.csv", "default,20", "default,21", "high_risk_call", "second_order"),
        ("campaigns/call_effects.csv", "every,0.10", "every,0.11", "repair_call", "second_order"),
        (
            "churn/churn_settings.csv",
            "held_out_salt,warning-follow-up-1",
            "held_out_salt,another",
            "low_risk_content",
            "second_order",
        ),
        (
            "campaigns/target_kinds.csv",
            "churn_level,Churn warning,流失预警,true",
            "churn_level,Churn warning,流失预警,false",
            "medium_risk_benefit",
            "no_login_win_back",
        ),
        (
            "campaigns/campaign_waivers.csv",
            "repair_call,sleep_pool",
            "high_risk_call,sleep_pool",
            "repair_call",
            "second_order",
        ),
    ],
)
def test_what_limits_and_holds_out_is_part_of_the_definition(tmp_path, file, text, instead, changed, same):
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS_DIR, seeds)
    before = definition_hashes(seeds)
    written = (seeds / file).read_text(encoding="utf-8")
    assert text in written
    (seeds / file).write_text(written.replace(text, instead), encoding="utf-8")

    after = definition_hashes(seeds)

    assert after[changed] != before[changed]
    assert after[same] == before[same]
