"""Which exported touches the simulated members get: the sample plays the sending tools.

Belongs here: whom an exported touch reaches, on which day, under which number of the person's touches.
Does not: what the member does then (touching, ordering), writing exports.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from orchestration.files import exact_path
from orchestration.project import SEEDS_DIR

SENT_TOUCHES = "sent_touches.parquet"
_RECALLS = "*/*/recalled.*/recalled.parquet"

# A person's numbers up to here are the chain's own touches; the rest, 80, is for exported ones.
_FIRST_SLOT, _SLOTS = 176, 256

_NO_ONE = """
create temp table sent_touches (
    planned_touch_id varchar, person bigint, slot bigint, channel varchar, campaign varchar, benefit varchar,
    is_coupon boolean, value_amount double, valid_days integer, sent_on date
)
"""

# A member key is the key of one of the member's records, by the rule of int_identity__records. A touch is
# sent on the day it is planned for, or on the first day still to be lived when it was exported later; one
# that was recalled is not sent.
_NEW = """
insert into sent_touches
with exported as (
    select distinct planned_touch_id, campaign, channel, benefit, planned_on
    from read_parquet($exports, hive_partitioning = false)
    where planned_touch_id not in (select planned_touch_id from sent_touches)
        and planned_touch_id not in (select planned_touch_id from recalled)
        and planned_on <= $known_until
),
sealed as (
    select distinct planned_touch_id, member_key
    from read_parquet($ledger, hive_partitioning = false, union_by_name = true)
),
reached as (
    select
        exported.*,
        records.person,
        greatest(planned_on, $known_from + 1) as sent_on,
    from exported
    join sealed using (planned_touch_id)
    join records
        on sealed.member_key
            = ('0x' || md5('chain:' || records.system || ':' || records.member_id)[1:15])::bigint
),
numbered as (
    select
        reached.*,
        $first_slot + row_number() over (partition by person order by sent_on, planned_touch_id) - 1
            + (select count(*) from sent_touches as before where before.person = reached.person) as slot,
    from reached
)
select
    planned_touch_id, person, slot, channel, campaign, benefit,
    benefits.kind = 'coupon' as is_coupon, benefits.value_amount, benefits.valid_days, sent_on,
from numbered
join read_csv($benefits) as benefits using (benefit)
where slot < $slots
"""


def make_sent_touches(
    con: duckdb.DuckDBPyConnection,
    truth: Path,
    exports: Path | None = None,
    ledger: Path | None = None,
    days: tuple[date, date] | None = None,
) -> None:
    """Make ``sent_touches``, one row per exported touch: those sent before, and those exported since.

    Args:
        con: Connection with ``records`` in place.
        truth: Folder of the truth files, which keep what was sent before.
        exports: The home's exports; None when nothing is to be answered.
        ledger: The home's ledger, which knows whose a touch is.
        days: Day of the deliveries before, and of these.
    """
    con.execute(_NO_ONE)
    if exports is None or ledger is None or days is None:
        return
    if (truth / SENT_TOUCHES).exists():
        con.execute(
            "insert into sent_touches from read_parquet($file)", {"file": exact_path(truth / SENT_TOUCHES)}
        )
    con.execute("create temp table recalled (planned_touch_id varchar)")
    if any(exports.glob(_RECALLS)):
        con.execute(
            "insert into recalled "
            "select planned_touch_id from read_parquet($files, hive_partitioning = false)",
            {"files": f"{exact_path(exports)}/{_RECALLS}"},
        )
    if any(exports.glob("*/*/*/touches.parquet")):
        values = {
            "exports": f"{exact_path(exports)}/*/*/*/touches.parquet",
            "ledger": f"{exact_path(ledger)}/*/*/*/touches.parquet",
            "benefits": exact_path(SEEDS_DIR / "benefits" / "benefits.csv"),
            "known_from": days[0],
            "known_until": days[1],
            "first_slot": _FIRST_SLOT,
            "slots": _SLOTS,
        }
        con.execute(_NEW, values)
