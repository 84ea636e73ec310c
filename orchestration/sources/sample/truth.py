"""What the simulation knows and no model may read: truth files for tests, and planted dirt.

Belongs here: the queries behind the truth files, the kinds and shares of planted dirt.
Does not: deliveries, anything a model reads.
"""

from __future__ import annotations

# Kind of dirt: share of rows made so (added to the clean ones), columns replaced. Together one row in a
# thousand.
ORDER_DIRT = {
    "exact_duplicate": (0.0005, "order_id as order_id"),
    "negative_amount": (0.0003, "order_id + 500000000000 as order_id, -1 - net_amount as net_amount"),
    "unknown_code": (0.0002, "order_id + 600000000000 as order_id, 'kiosk' as channel"),
}
EVENT_DIRT = {
    "exact_duplicate": (0.0007, "event_id as event_id"),
    "empty_member": (0.0004, "event_id + 5000000000000 as event_id, null as member_id"),
    "unknown_code": (0.0003, "event_id + 7000000000000 as event_id, 'teleport' as event_type"),
}

# Truth files that are one query over the tables of the simulation, by file name.
TRUTH = {
    # Which person stands behind each member record; `copy` 0 is the first registration, `link` what a copy is
    # linked by.
    "member_records": """
        select system, member_id, person, copy, case when copy > 0 then link end as linked_by
        from records
        order by person, copy
    """,
    # One row per person: cycle, dropout, pause and the cause of the silence the person is in, or would be
    # taken to be in.
    "persons": """
        select
            person,
            family,
            category_group,
            is_prospect,
            cycle_op / 86400.0::double as cycle_days,
            cast(at_utc(registered_s) + interval 8 hour as date) as registered_on,
            cast(at_utc(first_s) + interval 8 hour as date) as first_purchase_on,
            cast(at_utc(dropout_s) + interval 8 hour as date) as dropout_on,
            cast(at_utc(pause_from_s) + interval 8 hour as date) as paused_from,
            cast(at_utc(pause_to_s) + interval 8 hour as date) as paused_to,
            cause as cause_of_silence,
            price_sensitivity,
            curiosity,
        from persons
        order by person
    """,
    # Probability of an extra purchase within three days of a delivered touch, by planted stage.
    "touch_effects": "from touch_effects order by is_exported, stage",
    # Exported touches the members got.
    "sent_touches": "from sent_touches order by person, slot",
}

# The orders of one chunk that would not exist without a touch, of the chain's own or an exported one.
CAUSED_ORDERS = """
    select
        order_id,
        case when planned_touch_id is null then scrambled(person * 256 + (raw % 4096) - 1024) end as touch_id,
        planned_touch_id,
    from orders_made
    where is_caused and ordered_s < getvariable('known')
"""
