"""Random histories of a small business: who matched which campaign, and all that may speak against it.

Belongs here: drawing the tables that decisions are made of, each as rows by column name.
Does not: deciding (``oracle.py`` and the models), expectations.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

WEEK = date(2025, 1, 13)
SUNDAY = WEEK - timedelta(days=1)
END_OF_TIME = date(9999, 12, 31)
CHANNELS = ("sms", "email", "call")
# One more campaign is sealed for the very week: it keeps whom it has.
CAMPAIGNS = ("ask", "bundle", "coupon", "dinner")
SEALED = "sealed"
LIMITED = "seat"

Tables = dict[str, list[dict[str, Any]]]


def history(random: Random, members: int) -> Tables:
    """Everything that decides one week.

    Args:
        random: Where every choice comes from.
        members: How many people there are.
    """
    tables: Tables = {
        "seeds.campaign_settings": [
            {"setting": "answer_purpose", "value": "marketing"},
            {"setting": "decided_weeks", "value": "1"},
            {"setting": "assumed_margin_share", "value": "0.25"},
            {"setting": "sleep_pool_cap_class", "value": "rare"},
            {"setting": "open_complaint_days", "value": "1"},
        ],
        "seeds.churn_settings": [
            {"setting": "held_out_share", "value": "0.1"},
            {"setting": "held_out_salt", "value": "warned"},
        ],
        "seeds.target_kinds": [
            {"kind": "churn_level", "answers_warning": True},
            {"kind": "tag", "answers_warning": False},
        ],
        "seeds.churn_levels": [{"churn_level": "high", "loss_weight": Decimal("0.564")}],
        "seeds.call_effects": [
            {"action": "every", "saved_share": Decimal("0.1")},
            {"action": "repair", "saved_share": Decimal("0.2")},
        ],
        "seeds.response_capacity": [
            {"response_queue": "default", "members_per_week": random.choice([1, 4])},
            {"response_queue": "S1", "members_per_week": random.choice([2, 9])},
        ],
        "seeds.contact_channels": [
            {"channel": channel, "cost_amount": Decimal("0"), "is_by_person": channel == "call"}
            for channel in CHANNELS
        ],
        "seeds.benefits": [
            {"benefit": benefit, "cost_amount": Decimal(cost)}
            for benefit, cost in (("content", "0"), ("coupon", "10"), (LIMITED, "10"))
        ],
        "seeds.benefit_stores": [{"benefit": LIMITED, "store_id": "S1"}],
        "seeds.global_holdouts": [
            {
                "holdout": "year",
                "salt": "hold",
                "share": Decimal("0.1"),
                "valid_from": random.choice([date(2024, 1, 1), WEEK, WEEK, WEEK + timedelta(days=1)]),
                "valid_to": date(2025, 12, 31),
            }
        ],
        "seeds.contact_caps": [
            {"cap_class": cap_class, "channel": channel, "within_days": 7, "most_touches": most}
            for cap_class, channel, most in (
                ("marketing", "all", 2),
                ("marketing", "sms", 1),
                ("marketing", "email", 2),
                ("service", "all", 3),
                ("rare", "all", 1),
            )
        ],
        "core.dim_as_of_date": [
            {"as_of_date": day, "is_computed": True} for day in (SUNDAY, SUNDAY - timedelta(days=7))
        ],
        "audiences.aud_weeks__decided": [
            {
                "campaign_week": WEEK,
                "as_of_date": SUNDAY,
                "ends_on": WEEK + timedelta(days=6),
                "is_in_promotion": True,
                "promotion_on": WEEK + timedelta(days=2),
            }
        ],
    }
    _campaigns(random, tables)
    for member in range(1, members + 1):
        _member(random, tables, member)
    return tables


def _add(tables: Tables, table: str, **row: Any) -> None:
    tables.setdefault(table, []).append(row)


def _campaigns(random: Random, tables: Tables) -> None:
    priorities = random.sample(range(1, 20), len(CAMPAIGNS))
    for campaign, priority in zip((*CAMPAIGNS, SEALED), (*priorities, 20), strict=True):
        cap_class = random.choice(["marketing", "marketing", "service", "rare"])
        _add(
            tables,
            "seeds.campaigns",
            campaign=campaign,
            priority=priority,
            trigger=random.choice(["weekly", "weekly", "weekly", "promotion"]),
            valid_from=date(2024, 1, 1),
            cap_class=cap_class,
            cooldown_days=random.choice([7, 14, 21]),
            weekly_budget_amount=Decimal(random.choice(["40", "240", "4800"])),
            weekly_capacity=random.choice([3, 20, 500]),
        )
        _add(tables, "staging.stg_rekindle__definition_hashes", campaign=campaign, definition_hash=campaign)
        for kind in random.choice([["tag"], ["tag", "churn_level"]]):
            _add(
                tables, "seeds.campaign_targets", campaign=campaign, group_no=1, kind=kind, value="any",
                is_excluded=random.random() < 0.3,
            )  # fmt: skip
        if random.random() < 0.2:
            _add(tables, "seeds.campaign_waivers", campaign=campaign, reason="open_complaint")
        roles = [("a", "treatment", "0.5"), ("b", "treatment", "0.3"), ("control", "control", "0.2")]
        for arm, role, share in roles:
            _add(
                tables, "seeds.campaign_arms", campaign=campaign, arm=arm, arm_role=role, share=Decimal(share)
            )
        for arm in random.choice([["every"], ["a", "b"]]):
            for step_no, offset in ((1, random.choice([0, 3])), (2, 14)):
                _add(
                    tables,
                    "seeds.campaign_steps",
                    campaign=campaign,
                    arm=arm,
                    step_no=step_no,
                    day_offset=offset,
                    channel=random.choice(CHANNELS),
                    benefit=random.choice(["content", "coupon", "coupon", LIMITED]),
                )

    _add(tables, "staging.stg_rekindle__sealed_weeks", campaign=SEALED, campaign_week=WEEK, ledger_version=1)


def _member(random: Random, tables: Tables, member: int) -> None:
    store = random.choice(["S1", "S1", "S2", None])
    _add(tables, "core.dim_member", member_key=member, home_store_id=store)
    # Few amounts, so that many members are worth the same.
    worth = random.choice([None, Decimal("10.00"), Decimal("25.00")])
    _add(
        tables, "marts.member_attributes", member_key=member, as_of_date=SUNDAY, net_amount_365d=worth,
        value_tier=random.choice("ABC"),
    )  # fmt: skip
    _losses(random, tables, member, worth)
    for channel in CHANNELS:
        _consents(random, tables, member, channel)
        if random.random() < 0.95:
            known_on = SUNDAY + timedelta(days=random.choice([-300] * 8 + [0, 1]))
            _add(tables, "core.int_contact_channels", member_key=member, channel=channel, known_on=known_on)
    if random.random() < 0.3:
        opened = _near(random)
        _add(
            tables, "core.fct_ticket", member_key=member, kind=random.choice(["complaint", "review"]),
            opened_on=opened, resolved_on=random.choice([None, max(opened, _near(random))]),
        )  # fmt: skip
    if random.random() < 0.1:
        day = random.choice([SUNDAY, SUNDAY - timedelta(days=7)])
        _add(tables, "marts.member_sleep_pool", member_key=member, as_of_date=day)
    for number in range(random.choice([0, 0, 1, 2])):
        _add(
            tables, "core.fct_touch", source="chain", touch_key=1000 * member + number, member_key=member,
            campaign_code=None, channel=random.choice(CHANNELS), sent_on=_near(random, 9, 2),
        )  # fmt: skip
    for campaign in (*CAMPAIGNS, SEALED):
        for weeks_ago in (0, 1, 2, 3):
            if random.random() < (0.1 if campaign == SEALED or weeks_ago else 0):
                _sealed(random, tables, member, campaign, WEEK - timedelta(weeks=weeks_ago))
        if campaign != SEALED and random.random() < 0.7:
            [row] = [row for row in tables["seeds.campaigns"] if row["campaign"] == campaign]
            _add(
                tables, "audiences.aud_decisions__eligible",
                campaign=campaign, campaign_week=WEEK, as_of_date=SUNDAY,
                member_key=member, cap_class=row["cap_class"], priority=row["priority"],
            )  # fmt: skip


def _losses(random: Random, tables: Tables, member: int, worth: Decimal | None) -> None:
    """What a call may save is made of; few values, so that many members may lose the same."""
    margin = random.choice([None, Decimal("5.00"), Decimal("-1.00")])
    if worth is not None:
        _add(
            tables, "marts.member_activity", member_key=member, as_of_date=SUNDAY, net_amount_365d=worth,
            margin_amount_365d=margin,
        )  # fmt: skip
    if random.random() < 0.5:
        risk = Decimal(random.choice(["0.3", "0.9"]))
        _add(
            tables, "marts.member_churn_probability", member_key=member, as_of_date=SUNDAY,
            p_no_purchase_90d=risk,
        )  # fmt: skip
    if random.random() < 0.5:
        _add(
            tables, "marts.member_churn_warning", member_key=member, as_of_date=SUNDAY, churn_level="high",
            action=random.choice(["repair", "reteach"]),
        )  # fmt: skip


def _near(random: Random, before: int = 2, after: int = 2) -> date:
    return SUNDAY + timedelta(days=random.randint(-before, after))


def _consents(random: Random, tables: Tables, member: int, channel: str) -> None:
    """Answers of a channel: each holds until the next."""
    days = sorted(random.sample(range(-2, 2), random.choice([0, *[1] * 20, 2, 2])))
    days = [-300, *days[1:]] if days and random.random() < 0.8 else days
    for number, day in enumerate(days):
        following = days[number + 1] if number + 1 < len(days) else None
        _add(
            tables,
            "core.fct_contact_permission",
            member_key=member,
            channel=channel,
            purpose=random.choice(["marketing"] * 20 + ["service"]),
            is_allowed=random.random() < 0.95,
            changed_on=SUNDAY + timedelta(days=day),
            next_on=END_OF_TIME if following is None else SUNDAY + timedelta(days=following),
        )


def _sealed(random: Random, tables: Tables, member: int, campaign: str, week: date) -> None:
    """A decision of the ledger with its touch, of which something may have been heard."""
    is_included = random.random() < 0.7
    _add(
        tables, "core.int_sealed_decisions", campaign=campaign, campaign_week=week, ledger_version=1,
        as_of_date=week - timedelta(days=1), member_key=member, sealed_member_key=member,
        is_included=is_included, drop_reason=None if is_included else "cooldown",
        definition_hash=campaign,
    )  # fmt: skip
    if not is_included or random.random() < 0.3:
        return
    name = f"{campaign} {week} {member}"
    channel = random.choice(CHANNELS)
    planned_on = week + timedelta(days=random.randint(0, 6))
    _add(
        tables, "core.int_sealed_touches", planned_touch_id=name, campaign=campaign,
        campaign_week=week, ledger_version=1, entry_week=week, member_key=member, sealed_member_key=member,
        arm="a", step_no=1, planned_on=planned_on, channel=channel,
        status=random.choice(["planned", "planned", "capped"]),
    )  # fmt: skip
    if random.random() < 0.4:
        _add(
            tables, "core.fct_touch", source="receipts", touch_key=touch_key(name), member_key=member,
            campaign_code=campaign, channel=channel,
            sent_on=random.choice([None, planned_on, planned_on + timedelta(days=random.randint(0, 3))]),
        )  # fmt: skip


def touch_key(name: str) -> int:
    """What a receipt's touch is numbered: 60 bits of the md5 of the planned touch."""
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:15], 16)
