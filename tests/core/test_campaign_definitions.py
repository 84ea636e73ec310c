"""What is refused about campaigns, one planted fault at a time, and all of them at once."""

from dataclasses import replace
from datetime import date

import pytest

from orchestration.core.campaign_definitions import Row, campaign_faults, check
from orchestration.core.errors import InputFault
from orchestration.definitions_files.campaigns import read_campaigns

TODAY = date(2025, 12, 28)
SOUND = read_campaigns()


def with_rows(definitions, table, change):
    rows = change(list(definitions.tables[table]))
    return replace(definitions, tables={**definitions.tables, table: tuple(rows)})


def changed(table, line=0, **values):
    """Another value in one row."""

    def change(rows):
        rows[line] = replace(rows[line], values=rows[line].values | values)
        return rows

    return table, change


def added(table, line=0, **values):
    """A further row like another one, but for some values."""

    def change(rows):
        return [*rows, Row(rows[line].file, len(rows) + 2, rows[line].values | values)]

    return table, change


def without(table, **values):
    """The rows that have these values are gone."""
    return table, lambda rows: [
        row for row in rows if any(row[column] != value for column, value in values.items())
    ]


def of(table, **values):
    """Place of the first row with these values."""
    return next(
        place
        for place, row in enumerate(SOUND.tables[table])
        if all(row[column] == value for column, value in values.items())
    )


PROMOTED = of("campaigns", trigger="promotion")
SECOND = of("campaigns", campaign="second_order")
STEP = of("campaign_steps", campaign="second_order", step_no="2")
ARM = of("campaign_arms", campaign="second_order", arm="control")
TREATED = of("campaign_arms", campaign="second_order", arm="treated")
FAULTS = [
    (changed("campaigns", SECOND, campaign="Zweite Order"), "allowed: lower-case letters"),
    (changed("campaigns", SECOND, label_zh=" "), "no label_zh"),
    (changed("campaigns", SECOND, trigger="daily"), "trigger 'daily'; allowed: weekly, promotion"),
    (changed("campaigns", SECOND, exit_on="boredom"), "exit_on 'boredom'"),
    (changed("campaigns", SECOND, metric="charm"), "metric 'charm'; allowed: margin"),
    (changed("campaigns", SECOND, cap_class="none"), "cap_class 'none'; allowed: marketing"),
    (changed("campaigns", SECOND, priority="0"), "priority '0'; allowed: whole numbers from 1"),
    (changed("campaigns", SECOND, priority="80"), "a tie: priority"),
    (changed("campaigns", SECOND, weekly_budget_amount="-0.01"), "weekly_budget_amount '-0.01'"),
    (changed("campaigns", SECOND, weekly_capacity="-1"), "weekly_capacity '-1'"),
    (
        changed("campaigns", SECOND, cooldown_days="13"),
        "cooldown_days 13 is shorter than the journey; allowed: from 14",
    ),
    (changed("campaigns", SECOND, valid_to="2023-12-31"), "valid from '2024-01-01' to '2023-12-31'"),
    (changed("campaigns", SECOND, valid_from="2024-01-02"), "2024-01-02 is no Monday"),
    (changed("campaigns", PROMOTED, valid_from="2098-01-06"), "no promotion window within its validity"),
    (changed("campaigns", SECOND, objective_en="Ask ann@example.org"), "a contact detail in objective_en"),
    (added("campaigns", SECOND), "campaign stand in line"),
    (without("campaign_targets", campaign="second_order"), "targets nobody"),
    (without("campaign_arms", campaign="second_order"), "no arm; give it rows in campaign_arms.csv"),
    (without("campaign_steps", campaign="second_order"), "no step; give it rows in campaign_steps.csv"),
    (changed("campaign_targets", campaign="autumn"), "campaign 'autumn'; allowed: "),
    (changed("campaign_targets", kind="mood"), "kind 'mood'; allowed: tag, stage"),
    *[
        (
            added("campaign_targets", kind=kind, value="nonsense", group_no="9"),
            f"{kind} 'nonsense'; allowed: ",
        )
        for kind in SOUND.marks
    ],
    (changed("campaign_targets", is_excluded="maybe"), "is_excluded 'maybe'; allowed: true, false"),
    (added("campaign_targets", value="B", kind="value_tier", is_excluded="true"), "includes and excludes"),
    (changed("campaign_arms", ARM, share="0.51"), "shares of 'second_order' add up to 1.01"),
    (changed("campaign_arms", ARM, arm_role="watched"), "arm_role 'watched'; allowed: control, treatment"),
    (changed("campaign_arms", ARM, arm="every"), "arm 'every'; allowed: any name but every"),
    (changed("campaign_arms", ARM, arm_role="treatment"), "control share 0; allowed: from 0.1"),
    (changed("campaign_arms", TREATED, arm_role="control"), "no treated arm"),
    (changed("campaign_arms", TREATED, share="none"), "share 'none'; allowed: above 0 and below 1"),
    (changed("campaign_steps", STEP, arm="control"), "arm 'control'; allowed: every, treated"),
    (
        changed("campaign_steps", STEP, day_offset="3"),
        "day_offset 3 of step 2 after 3; days of a journey rise",
    ),
    (changed("campaign_steps", STEP, step_no="3"), "not numbered 1, 2, 3"),
    (changed("campaign_steps", STEP, benefit="yacht"), "benefit 'yacht'; allowed: content"),
    (changed("campaign_steps", STEP, template="poem"), "template 'poem'; allowed: usual_days"),
    (changed("campaign_steps", STEP, channel="pigeon"), "channel 'pigeon'; allowed: sms"),
    (changed("campaign_steps", STEP, intensity="rude"), "intensity 'rude'; allowed: light"),
    (changed("contact_caps", most_touches="0"), "most_touches '0'; allowed: whole numbers from 1"),
    (changed("contact_caps", within_days="-7"), "within_days '-7'"),
    (changed("contact_caps", channel="pigeon"), "channel 'pigeon'; allowed: all, sms"),
    (without("contact_caps", cap_class="service", channel="all"), "cap class 'service' has no cap in total"),
    (changed("global_holdouts", 1, valid_from="2024-12-31"), "overlaps 'holdout_2024'"),
    (changed("global_holdouts", 1, salt="holdout_2024"), "salt 'holdout_2024' is used in line 2"),
    (changed("global_holdouts", 1, share="1"), "share '1'; allowed: above 0 and below 1"),
    (without("global_holdouts", holdout="holdout_2025"), "expired: no holdout covers 2025-12-28"),
    (changed("copy_templates", body="{name}, it is time"), "variable 'name' in body; allowed: product"),
    (changed("copy_templates", body="It is {product"), "a brace alone in body"),
    (changed("copy_templates", body="Call +49 170 1234567"), "a contact detail in body"),
    (changed("copy_templates", language="fr"), "language 'fr'; allowed: en, zh"),
    (without("copy_templates", template="bundle", language="zh"), "'bundle' has no text in zh"),
    (changed("benefits", kind="bribe"), "kind 'bribe'; allowed: content, coupon"),
    (changed("benefits", cost_amount="-1"), "cost_amount '-1'; allowed: numbers from 0"),
    (changed("benefits", 1, valid_days="0"), "valid_days '0'"),
    (changed("experiments", primary_metric=""), "primary_metric ''; allowed: margin"),
    (changed("experiments", campaign="autumn"), "campaign 'autumn'"),
    (changed("experiments", minimal_effect="0"), "minimal_effect '0'; allowed: above 0"),
    (changed("experiments", significance="5"), "significance '5'"),
    (changed("experiments", planned_looks="0"), "planned_looks '0'"),
    (added("experiments", experiment="again"), "overlaps 'medium_silence_tiered_coupon_test'"),
    (changed("experiment_segments", segment="star_sign"), "segment 'star_sign'; allowed: stage"),
    (changed("experiment_metrics", fact="smiles"), "fact 'smiles'; allowed: margin"),
    (changed("experiment_metrics", window_days="0"), "window_days '0'"),
    (changed("experiment_guardrails", metric="charm"), "metric 'charm'"),
    (
        changed("campaign_settings", value="soon"),
        "setting 'decided_weeks': value 'soon'; allowed: a whole number",
    ),
    (changed("campaign_settings", setting="weeks"), "setting 'weeks': nothing reads it"),
    (added("campaign_settings"), "setting 'decided_weeks': stands in line 2 as well"),
]


def test_what_is_shipped_has_no_fault():
    assert list(campaign_faults(SOUND, TODAY)) == []


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=[said[:40] for _, said in FAULTS])
def test_each_fault_is_told_with_file_line_and_what_is_allowed(fault, said):
    table, change = fault
    faults = map(str, campaign_faults(with_rows(SOUND, table, change), TODAY))
    told = [fault for fault in faults if said in fault]
    assert told, said
    assert all(".csv:" in each and "; " in each for each in told)


def test_all_faults_are_told_at_once_and_no_contact_detail_with_them():
    broken = SOUND
    for table, change in (
        changed("campaigns", SECOND, metric="charm"),
        changed("benefits", 1, kind="bribe"),
        changed("copy_templates", body="Mail ann@example.org"),
    ):
        broken = with_rows(broken, table, change)
    with pytest.raises(InputFault, match="3 faults in the campaign definitions") as refused:
        check(broken, TODAY)
    assert refused.value.exit_code == 2
    assert "example.org" not in str(refused.value)


def target(campaign, kind, value, group_no="9", is_excluded="false"):
    """A further target of a campaign."""
    of_it = of("campaign_targets", campaign=campaign)
    return added(
        "campaign_targets", of_it, kind=kind, value=value, group_no=group_no, is_excluded=is_excluded
    )


@pytest.mark.parametrize(
    "further",
    [
        # A one-time buyer bought on one day, a returned member is not silent, and the light are silent.
        target("second_order", "tag", "full_price_buyer"),
        target("light_silence_favourite_set", "tag", "returned"),
        target("light_silence_favourite_set", "stage", "stable"),
        target("light_silence_favourite_set", "silence_tier", "light", is_excluded="true"),
        # Whoever bought once is overridden to be a one-time buyer, and no rare one.
        target("second_order", "tag", "rare_buyer"),
        target("low_risk_content", "silence_cause", "unknown"),
    ],
    ids=["tags", "tag and tier", "tier and stage", "both ways", "overridden", "cause of the active"],
)
def test_targets_that_nobody_can_meet_are_found(further):
    found = [str(fault) for fault in campaign_faults(with_rows(SOUND, *further), TODAY)]
    [campaign] = {row["campaign"] for row in with_rows(SOUND, *further).tables["campaign_targets"][-1:]}
    assert [said for said in found if f"'{campaign}': nobody can meet its targets" in said], found


def test_targets_that_somebody_can_just_meet_are_no_fault():
    further = target("second_order", "tag", "content_reader")
    assert not any("nobody" in str(fault) for fault in campaign_faults(with_rows(SOUND, *further), TODAY))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            without("campaign_answers", stage="silent", silence_tier="medium", silence_cause="unknown"),
            "silent, medium, unknown: no answer and no reason why not",
        ),
        (
            added("campaign_answers", of("campaign_answers", stage="churned", silence_cause="unknown")),
            "churned, none, unknown stand in line",
        ),
        (
            added("campaign_answers", stage="stable", silence_tier="light"),
            "stable, light, none cannot occur together",
        ),
        (
            changed("campaign_answers", of("campaign_answers", stage="new"), why_not=""),
            "campaign '', why_not ''; fill one of the two",
        ),
        (
            changed(
                "campaign_answers", of("campaign_answers", campaign="heavy_silence_nurture"), why_not="active"
            ),
            "campaign 'heavy_silence_nurture', why_not 'active'; fill one of the two",
        ),
        (
            changed("campaigns", of("campaigns", campaign="bad_experience_repair"), valid_to="2025-12-27"),
            "campaign 'bad_experience_repair' does not run",
        ),
        (
            changed(
                "campaign_answers",
                of("campaign_answers", campaign="heavy_silence_nurture"),
                campaign="second_order",
            ),
            "second_order takes nobody of silent, heavy, touch_fatigue",
        ),
        (
            target("heavy_silence_nurture", "tag", "high_value"),
            "some of silent, heavy, unknown match no campaign",
        ),
        (
            changed(
                "campaigns", of("campaigns", campaign="medium_silence_tiered_coupon"), trigger="promotion"
            ),
            "some of silent, medium, unknown match no campaign",
        ),
        (
            without("campaign_targets", campaign="second_order", value="not_due"),
            "second_order takes some of silent, light, not_due",
        ),
    ],
)
def test_a_stage_tier_and_cause_without_an_answer_is_found(fault, said):
    found = [str(each) for each in campaign_faults(with_rows(SOUND, *fault), TODAY)]
    assert any(said in each for each in found), found


def test_the_least_that_is_allowed_is_allowed():
    sound = SOUND
    for table, change in (
        changed("campaigns", SECOND, weekly_budget_amount="0", weekly_capacity="0", cooldown_days="14"),
        changed("campaign_arms", ARM, share="0.1"),
        changed("campaign_arms", TREATED, share="0.9"),
        changed("contact_caps", within_days="1", most_touches="1"),
    ):
        sound = with_rows(sound, table, change)
    assert list(campaign_faults(sound, TODAY)) == []


def test_without_a_running_campaign_no_holdout_is_missed():
    assert list(campaign_faults(SOUND, date(2018, 1, 7))) == []
