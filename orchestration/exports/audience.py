"""Who is in a file and what it says to them; everybody else is counted by the reason they are left out for.

Belongs here: joining planned touches with permission, facts for the copy and, at this moment only, the vault.
Does not: whether the week may be exported (``gate.py``), writing (``writing.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from orchestration.core.copy_texts import dialled, filled
from orchestration.core.pseudonyms import normalise
from orchestration.exports.definitions import Definitions
from orchestration.exports.vault import ADDRESSES
from orchestration.warehouse.connections import quoted

COLUMNS = (
    "planned_touch_id",
    "campaign",
    "step_no",
    "planned_on",
    "channel",
    "address",
    "language",
    "subject",
    "body",
    "benefit",
    "expires_on",
)


@dataclass(frozen=True)
class Audience:
    """One file's rows.

    Attributes:
        campaign: Campaign.
        channel: Channel.
        step_no: Step.
        rows: One per touch, with ``COLUMNS``, in the order of planned_touch_id.
        left_out: How many touches are left out, by reason.
    """

    campaign: str
    channel: str
    step_no: int
    rows: list[dict[str, Any]]
    left_out: dict[str, int]


def audience(
    touches: list[dict[str, Any]],
    key: tuple[str, str, int],
    planned: int,
    exported: Collection[str],
    definitions: Definitions,
) -> Audience:
    """Sort one file's touches into rows and reasons.

    Args:
        touches: What :func:`touches_of` found for it.
        key: Campaign, channel, step.
        planned: Touches in the seal; those not published any more were erased.
        exported: Touches of earlier exports.
        definitions: Copy and fallbacks.
    """
    left_out: Counter[str] = Counter({"erased": planned - len(touches)})
    rows: list[dict[str, Any]] = []
    addresses: set[str] = set()
    for touch in touches:
        row, reason = _row(touch, exported, definitions)
        if row is not None and row["address"] in addresses:
            reason = "same_address"
        if reason or row is None:
            left_out[reason or "copy_unknown"] += 1
        else:
            addresses.add(row["address"])
            rows.append(row)
    # A reason that nobody gave a label counts all the same: rows and left out make what was planned.
    order = [*definitions.reasons, *sorted(left_out.keys() - set(definitions.reasons))]
    return Audience(*key, rows, {reason: left_out[reason] for reason in order if left_out[reason]})


def _row(
    touch: dict[str, Any], exported: Collection[str], definitions: Definitions
) -> tuple[dict[str, Any] | None, str | None]:
    """The row, or the first reason against it."""
    reason = reason_against(touch)
    if touch["planned_touch_id"] in exported and reason not in ("erased", "capped"):
        return None, "exported_before"
    if reason:
        return None, reason
    kind = definitions.addresses[touch["channel"]]
    address = _address(touch, kind)
    if not address:
        return None, "no_contact"
    language = touch["language"]
    if (touch["template"], language) not in definitions.templates:
        language = definitions.default_language
    benefit = definitions.benefits[touch["benefit"]]
    expires_on: date = touch["planned_on"] + timedelta(days=int(benefit["valid_days"]))
    values = {
        "product": touch["product_name"],
        "store": touch["store_name"],
        "usual_days": touch["usual_days"] and str(touch["usual_days"]),
        "benefit": benefit[f"label_{language}"],
        "expires_on": expires_on.isoformat(),
    }
    fallbacks = definitions.fallbacks.get(language, {})
    subject, body = (
        filled(text, values, fallbacks) for text in definitions.templates[touch["template"], language]
    )
    if subject is None or body is None:
        return None, "copy_unknown"
    told = {
        "address": address,
        "language": language,
        "subject": subject,
        "body": body,
        "expires_on": expires_on,
    }
    return {name: told.get(name, touch.get(name)) for name in COLUMNS}, None


def reason_against(touch: dict[str, Any]) -> str | None:
    """The first reason why a touch may not be sent, whatever it says; nothing where it may."""
    reasons = {
        "erased": not touch["is_known"],
        "capped": touch["status"] != "planned" or touch["is_crowded"],
        "silenced": not touch["is_allowed"],
        "opted_out": touch["has_opted_out"],
        "journey_over": touch["is_over"],
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _address(touch: dict[str, Any], kind: str) -> str | None:
    value = touch[kind]
    if kind == "phone":
        return dialled(value, touch["phone_dialled"]) if value else None
    return normalise(kind, value) if kind in ADDRESSES else value


def touches_of(
    published: duckdb.DuckDBPyConnection, week: date, definitions: Definitions
) -> dict[tuple[str, str, int], list[Any]]:
    """Every published touch of a week with what a file needs, by campaign, channel and step.

    An address is the one of the member's record that was changed last, among those that have one.

    Args:
        published: The published version, with the temporary tables of ``vault.py`` and ``opt_outs.py``.
        week: A Monday.
        definitions: Purpose of consent needed, address by channel, system of member numbers.
    """
    points, is_known = (
        " ".join(
            f"when {quoted(channel)} then contacts.{kind}_{what}"
            for channel, kind in definitions.addresses.items()
            if kind in ADDRESSES
        )
        for what in ("point", "is_known")
    )
    found = published.execute(
        _TOUCHES.replace("{addresses}", _NEWEST).replace("{points}", points).replace("{is_known}", is_known),
        {"week": week, "purpose": definitions.purpose, "member_system": definitions.member_system},
    )
    names = [column[0] for column in found.description]
    grouped: dict[tuple[str, str, int], list[Any]] = {}
    for values in found.fetchall():
        touch = dict(zip(names, values, strict=True))
        grouped.setdefault((touch["campaign"], touch["channel"], touch["step_no"]), []).append(touch)
    return grouped


_NEWEST = "".join(
    f"first({name} order by updated_at desc nulls last, record_key) filter (where {kind} <> '') as {name},\n"
    for kind in ADDRESSES
    for name in (kind, f"{kind}_point", f"{kind}_is_known", *(["phone_dialled"] if kind == "phone" else []))
)

_TOUCHES = """
with build as (
    select as_of_date from staging.stg_rekindle__builds
),

touches as (
    select * from audiences.aud_planned_touches where campaign_week = $week
),

-- Granted on the as-of date, and no event known of a later day takes it back.
allowed as (
    select member_key, channel
    from core.fct_contact_permission, build
    where purpose = $purpose and next_on > as_of_date
    group by member_key, channel
    having bool_and(is_allowed) and bool_or(changed_on <= as_of_date)
),

-- By the key of any of their records, or by the one their touches were sealed under.
opted as (
    select records.member_key, opted_out.channel
    from opted_out inner join core.fct_member_record as records using (record_key)
    union
    select record_key as member_key, channel from opted_out
),

-- A complaint or a purchase that is known of a later day ends a journey no less than one of the as-of date.
ended_since as (
    select member_key from core.fct_touch, build where complained_on > as_of_date
    union
    select member_key from core.fct_order, build where is_purchase and ordered_on > as_of_date
),

records as (
    select
        records.member_key, records.record_key, records.updated_at, vault.* exclude (record_key)
    from core.fct_member_record as records
    inner join vault using (record_key)
    where not records.is_deleted and records.member_key in (select member_key from touches)
),

contacts as (
    select
        member_key,
        {addresses}
        first(member_id order by updated_at desc nulls last, record_key)
            filter (where system = $member_system) as member_id
    from records
    group by member_key
),

bought as (
    select items.member_key, products.product_name, 1 as choice, items.ordered_on as happened_on,
        items.net_amount as weight, items.product_id
    from core.fct_order_item as items
    inner join core.dim_product as products using (source, product_id)
    inner join build on items.ordered_on <= build.as_of_date
    where items.is_purchase
    union all
    select events.member_key, products.product_name, 2 as choice, events.happened_on, 0 as weight,
        events.product_id
    from core.fct_event as events
    inner join core.dim_product as products using (source, product_id)
    inner join build on events.happened_on <= build.as_of_date
    where events.event_type = 'favourite'
),

product as (
    select member_key, product_name
    from bought
    where product_name <> '' and member_key in (select member_key from touches)
    qualify row_number() over (
        partition by member_key order by choice, happened_on desc, weight desc, product_id, product_name
    ) = 1
),

stores as (
    select store_id, min(store_name) as store_name from core.dim_store group by store_id
)

select
    touches.planned_touch_id, touches.campaign, touches.channel, touches.step_no, touches.planned_on,
    touches.template, touches.benefit, touches.status,
    contacts.member_key is not null as is_known,
    allowed.member_key is not null as is_allowed,
    exists (
        select 1 from opted
        where opted.member_key = touches.member_key
            and coalesce(opted.channel, touches.channel) = touches.channel
    ) or exists (
        select 1 from silent_points as silent
        where silent.channel = touches.channel and silent.point = case touches.channel {points} end
            and (silent.is_since or not case touches.channel {is_known} end)
    ) as has_opted_out,
    journeys.exit_reason is not null or ended_since.member_key is not null as is_over,
    crowded.planned_touch_id is not null as is_crowded,
    contacts.phone, contacts.phone_dialled, contacts.email, contacts.union_id, contacts.member_id,
    members.language, product.product_name, stores.store_name,
    cast(round(member_cycle.cycle_days) as integer) as usual_days
from touches
cross join build
left join contacts on touches.member_key = contacts.member_key
left join allowed on touches.member_key = allowed.member_key and touches.channel = allowed.channel
left join ended_since on touches.member_key = ended_since.member_key
left join audiences.aud_journeys as journeys
    on touches.campaign = journeys.campaign
    and touches.entry_week = journeys.entry_week
    and touches.member_key = journeys.member_key
    and build.as_of_date = journeys.as_of_date
left join audiences.aud_touches_over_cap as crowded on touches.planned_touch_id = crowded.planned_touch_id
left join core.dim_member as members on touches.member_key = members.member_key
left join product on touches.member_key = product.member_key
left join stores on members.home_store_id = stores.store_id
left join marts.member_cycle as member_cycle
    on touches.member_key = member_cycle.member_key and build.as_of_date = member_cycle.as_of_date
order by touches.planned_touch_id
"""
