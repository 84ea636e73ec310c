"""Who enters which campaign, read slowly from the rules of ``docs/audiences.md``, member by member.

Belongs here: the rules in plain Python over rows.
Does not: SQL, drawing histories (``histories.py``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from orchestration.core.arms import arm_of, draw
from tests.audiences.histories import SUNDAY, WEEK, Tables, touch_key

Contact = tuple[int, str, date]


def decided(tables: Tables, order: dict[str, int]) -> dict[tuple[str, int], tuple[str | None, str | None]]:
    """The arm or the reason of each candidate.

    Args:
        tables: A history.
        order: Reasons to drop with their place in the order.
    """
    candidates = rows(tables, "audiences.aud_decisions__eligible")
    campaigns = {row["campaign"]: row for row in rows(tables, "seeds.campaigns")}
    against = {
        (row["campaign"], row["member_key"]): set(reasons_against(tables, row["campaign"], row["member_key"]))
        for row in candidates
    }
    first: dict[tuple[str, int], str | None] = {}
    taken: set[int] = set()
    places = call_places(tables)
    for campaign in sorted(campaigns, key=lambda name: (campaigns[name]["priority"], name)):
        terms, cost, calls = (
            campaigns[campaign],
            entry_cost(tables, campaign),
            begins_in_person(tables, campaign),
        )
        matched = [member for name, member in against if name == campaign]
        matched.sort(key=lambda member: (-worth(tables, member, calls), member))
        place, asked, entered = 0, Counter(), []
        for member in matched:
            found = against[campaign, member] | ({"higher_priority"} if member in taken else set())
            if found:
                first[campaign, member] = min(found, key=order.__getitem__)
                continue
            store = store_of(tables, member)
            asked[store] += 1
            if calls and asked[store] > places[store]:
                first[campaign, member] = "over_capacity"
                continue
            place += 1
            if place * cost > terms["weekly_budget_amount"]:
                first[campaign, member] = "over_budget"
            elif place > terms["weekly_capacity"]:
                first[campaign, member] = "over_capacity"
            else:
                first[campaign, member] = None
                entered.append(member)
        taken.update(entered)
        if calls:
            places.subtract(Counter(store_of(tables, member) for member in entered))
    shares = {
        name: {
            row["arm"]: row["share"] for row in rows(tables, "seeds.campaign_arms") if row["campaign"] == name
        }
        for name in campaigns
    }
    return {
        (campaign, member): (None if reason else arm_of(campaign, str(member), shares[campaign]), reason)
        for (campaign, member), reason in first.items()
    }


def starts_on(tables: Tables, campaign: str) -> date:
    """From which day the steps of a campaign count: what is for a promotion begins with it."""
    [terms] = [row for row in rows(tables, "seeds.campaigns") if row["campaign"] == campaign]
    [week] = rows(tables, "audiences.aud_weeks__decided")
    return week["promotion_on"] if terms["trigger"] == "promotion" else WEEK


def reasons_against(tables: Tables, campaign: str, member: int) -> Iterator[str]:
    """Every reason that does not need the other candidates."""
    for holdout in rows(tables, "seeds.global_holdouts"):
        is_drawn = draw(holdout["salt"], str(member)) < float(holdout["share"])
        if is_drawn and holdout["valid_from"] <= WEEK <= holdout["valid_to"]:
            yield "global_holdout"
    follow_up = {row["setting"]: row["value"] for row in rows(tables, "seeds.churn_settings")}
    answering = {row["kind"] for row in rows(tables, "seeds.target_kinds") if row["answers_warning"]}
    answers = any(
        row["kind"] in answering and not row["is_excluded"]
        for row in rows(tables, "seeds.campaign_targets")
        if row["campaign"] == campaign
    )
    if answers and draw(follow_up["held_out_salt"], str(member)) < float(follow_up["held_out_share"]):
        yield "warning_held_out"
    beginnings = {
        (step["channel"], step["day_offset"]) for step in steps_of(tables, campaign) if step["step_no"] == 1
    }
    if not all(may_contact(tables, member, channel) for channel, _ in beginnings):
        yield "no_consent"
    known = {
        row["channel"]
        for row in rows(tables, "core.int_contact_channels", member)
        if row["known_on"] <= SUNDAY
    }
    if not {channel for channel, _ in beginnings} <= known:
        yield "no_contact"
    waived = {row["reason"] for row in rows(tables, "seeds.campaign_waivers") if row["campaign"] == campaign}
    for ticket in rows(tables, "core.fct_ticket", member):
        is_solved = ticket["resolved_on"] is not None and ticket["resolved_on"] <= SUNDAY
        age = (SUNDAY - ticket["opened_on"]).days
        if (
            ticket["kind"] == "complaint"
            and 0 <= age <= setting(tables, "open_complaint_days")
            and not is_solved
        ):
            yield from {"open_complaint"} - waived
    [terms] = [row for row in rows(tables, "seeds.campaigns") if row["campaign"] == campaign]
    sleeps = any(row["as_of_date"] == SUNDAY for row in rows(tables, "marts.member_sleep_pool", member))
    if sleeps and terms["cap_class"] != setting(tables, "sleep_pool_cap_class"):
        yield "sleep_pool"
    for entry in rows(tables, "core.int_sealed_decisions", member):
        if entry["is_included"]:
            days = (WEEK - entry["campaign_week"]).days
            if entry["campaign"] == campaign and 0 < days < terms["cooldown_days"]:
                yield "cooldown"
            if entry["campaign"] != campaign and days == 0:
                yield "higher_priority"
    counted = contacts(tables)
    for channel, offset in beginnings:
        day = starts_on(tables, campaign) + timedelta(days=offset)
        for cap in rows(tables, "seeds.contact_caps"):
            if cap["cap_class"] == terms["cap_class"] and cap["channel"] in ("all", channel):
                near = [
                    contact
                    for contact in counted
                    if contact[0] == member
                    and cap["channel"] in ("all", contact[1])
                    and abs((contact[2] - day).days) < cap["within_days"]
                ]
                if len(near) + 1 > cap["most_touches"]:
                    yield "frequency_cap"
    offered = defaultdict(set)
    for row in rows(tables, "seeds.benefit_stores"):
        offered[row["benefit"]].add(row["store_id"])
    [home] = rows(tables, "core.dim_member", member)
    for step in steps_of(tables, campaign):
        if step["benefit"] in offered and home["home_store_id"] not in offered[step["benefit"]]:
            yield "benefit_unavailable"


def setting(tables: Tables, name: str) -> Any:
    """A setting of the history; a number where it is one."""
    [value] = [row["value"] for row in rows(tables, "seeds.campaign_settings") if row["setting"] == name]
    return int(value) if value.isdigit() else value


def contacts(tables: Tables) -> list[Contact]:
    """Touches sent by the Sunday, and planned ones of the ledger of which no sending is known by then."""
    sent = [row for row in rows(tables, "core.fct_touch") if row["sent_on"] and row["sent_on"] <= SUNDAY]
    heard = {(row["campaign_code"], row["touch_key"]) for row in sent}
    found = [(row["member_key"], row["channel"], row["sent_on"]) for row in sent]
    for row in rows(tables, "core.int_sealed_touches"):
        if row["status"] == "planned" and (row["campaign"], touch_key(row["planned_touch_id"])) not in heard:
            found.append((row["member_key"], row["channel"], row["planned_on"]))
    return found


def may_contact(tables: Tables, member: int, channel: str) -> bool:
    """Whether the answer that holds on the Sunday allows it; without an answer nothing is allowed."""
    return any(
        row["is_allowed"]
        for row in rows(tables, "core.fct_contact_permission", member)
        if row["channel"] == channel
        and row["purpose"] == "marketing"
        and row["changed_on"] <= SUNDAY < row["next_on"]
    )


def entry_cost(tables: Tables, campaign: str) -> Decimal:
    """What an entry is expected to cost, over the arms."""
    costs = {row["benefit"]: row["cost_amount"] for row in rows(tables, "seeds.benefits")}
    channels = {row["channel"]: row["cost_amount"] for row in rows(tables, "seeds.contact_channels")}
    total = sum(
        arm["share"] * (costs[step["benefit"]] + channels[step["channel"]])
        for arm in rows(tables, "seeds.campaign_arms")
        if arm["campaign"] == campaign and arm["arm_role"] == "treatment"
        for step in steps_of(tables, campaign)
        if step["arm"] in ("every", arm["arm"])
    )
    return Decimal(total).quantize(Decimal("0.01"), ROUND_HALF_UP)


def worth(tables: Tables, member: int, calls: bool) -> Decimal:
    """What a call may save, or the net amount of the year; nothing known is nothing."""
    if not calls:
        [row] = rows(tables, "marts.member_attributes", member)
        return row["net_amount_365d"] or Decimal(0)
    for known in rows(tables, "marts.member_activity", member):
        [warning] = rows(tables, "marts.member_churn_warning", member) or [None]
        risks = [row["p_no_purchase_90d"] for row in rows(tables, "marts.member_churn_probability", member)]
        if warning and not risks:
            risks = [row["loss_weight"] for row in rows(tables, "seeds.churn_levels")]
        effects = {row["action"]: row["saved_share"] for row in rows(tables, "seeds.call_effects")}
        effect = effects.get(warning["action"] if warning else "every", effects["every"])
        margin = known["margin_amount_365d"]
        if margin is None:
            margin = known["net_amount_365d"] * Decimal("0.25")
        for risk in risks:
            return (max(margin, Decimal(0)) * risk * effect).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return Decimal(0)


def begins_in_person(tables: Tables, campaign: str) -> bool:
    """Whether an arm begins with a call."""
    by_person = {row["channel"] for row in rows(tables, "seeds.contact_channels") if row["is_by_person"]}
    return any(step["step_no"] == 1 and step["channel"] in by_person for step in steps_of(tables, campaign))


def store_of(tables: Tables, member: int) -> str:
    """The queue in which the member is called."""
    [row] = rows(tables, "core.dim_member", member)
    return row["home_store_id"] or "common"


def call_places(tables: Tables) -> Counter[str]:
    """Calls of new entries that each store has room for, beside those sealed for the week."""
    own = {row["response_queue"]: row["members_per_week"] for row in rows(tables, "seeds.response_capacity")}
    stores = {store_of(tables, row["member_key"]) for row in rows(tables, "core.dim_member")}
    places = Counter({store: own.get(store, own["default"]) for store in stores})
    for touch in rows(tables, "core.int_sealed_touches"):
        is_call = touch["status"] == "planned" and touch["channel"] == "call"
        if is_call and touch["campaign_week"] == WEEK:
            places[store_of(tables, touch["member_key"])] -= 1
    return places


def steps_of(tables: Tables, campaign: str) -> list[dict[str, Any]]:
    """The steps of a campaign, whatever the arm."""
    return [row for row in rows(tables, "seeds.campaign_steps") if row["campaign"] == campaign]


def rows(tables: Tables, table: str, member: int | None = None) -> list[dict[str, Any]]:
    """Rows of a table, of one member where one is given."""
    return [row for row in tables.get(table, []) if member is None or row["member_key"] == member]
