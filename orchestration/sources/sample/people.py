"""Who the simulated members are: persons with their planted rhythm and fate.

Belongs here: rhythm per category group, personal cycle, dropout, pauses, planted causes, habits.
Does not: what systems know of a person (records), anything a person does after registering.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.sources.sample.records import GIVEN_NAMES, RECORDS, SURNAMES

# Share of persons, mean days between purchases, most lines per order, hours of the day (an hour that stands
# twice is twice as likely; thirty entries each).
RHYTHM = {
    "fast_moving": (
        0.62,
        10.5,
        4,
        "8 9 9 10 10 11 11 12 12 13 14 15 16 16 17 17 18 18 18 19 19 19 20 20 20 21 21 21 22 22",
    ),
    "restaurant": (
        0.22,
        16.0,
        3,
        "10 11 11 11 12 12 12 12 13 13 14 15 16 17 17 18 18 18 18 19 19 19 20 20 21 21 22 22 23 23",
    ),
    "service": (
        0.09,
        30.0,
        1,
        "9 9 10 10 10 11 11 13 13 14 14 14 15 15 15 15 16 16 16 16 17 17 17 17 18 18 18 19 19 20",
    ),
    "durable": (
        0.07,
        48.0,
        2,
        "10 10 11 11 12 12 13 13 14 14 15 15 16 16 17 19 19 20 20 20 20 20 21 21 21 21 22 22 22 23",
    ),
}

# Why a person who dropped out did, as shares. Each leaves its pattern in the data, except "unknown".
CAUSES = {
    "not_reached": 0.15,
    "benefit_unattractive": 0.18,
    "content_uninteresting": 0.16,
    "bad_experience": 0.20,
    "competitor": 0.12,
    "touch_fatigue": 0.11,
    "unknown": 0.08,
}

# Some persons show, for some weeks, what another cause would show: before they leave, for a reason of their
# own, or in the midst of a life as a customer.
MISLED = 0.4
MISLEADING = [cause for cause in CAUSES if cause != "unknown"]


def make_rhythm(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``rhythm`` (one row per category group), ``hours`` and the variables with names."""
    rows, hours, total = [], [], 0.0
    for grp, (name, (share, mean_days, max_lines, daypart)) in enumerate(RHYTHM.items()):
        rows.append((grp, name, total, total + share, mean_days, max_lines))
        total += share
        hours += [(grp, place, int(hour)) for place, hour in enumerate(daypart.split())]
    con.register("rhythm_rows", _columns(rows, "grp category_group from_share to_share mean_days max_lines"))
    con.register("hour_rows", _columns(hours, "grp place hour"))
    con.execute("create temp table rhythm as select * from rhythm_rows")
    con.execute("create temp table hours as select * from hour_rows")
    for variable, names in {"surnames": SURNAMES, "given_names": GIVEN_NAMES}.items():
        chinese = ["".join(letter for letter in name if not letter.isascii()) for name in names.split()]
        pinyin = ["".join(letter for letter in name if letter.isascii()) for name in names.split()]
        con.execute(f"set variable {variable} = {chinese!r}")
        con.execute(f"set variable {variable}_pinyin = {pinyin!r}")


def _columns(rows: list[tuple], names: str) -> pa.Table:
    return pa.table(dict(zip(names.split(), zip(*rows, strict=True), strict=True)))


def _cause() -> str:
    """A SQL expression that picks one of ``CAUSES`` by its share."""
    total, cases = 0.0, []
    for cause, share in CAUSES.items():
        total += share
        cases.append(f"when draw('cause', person) < {total:.6f} then '{cause}'")
    return f"case {' '.join(cases)} end"


def make_people(con: duckdb.DuckDBPyConnection, members: int) -> None:
    """Make ``persons`` (one row per true person) and ``records`` (one per member record).

    Args:
        con: Connection with macros, calendar, rhythm and stores in place.
        members: Number of true persons.
    """
    con.execute(f"set variable persons = {members}")
    con.execute(PLANTED)
    con.execute(f"create temp table fates as select *, {_cause()} as dropout_cause from planted")
    con.execute("drop table planted")
    con.execute(RECORDS)
    con.execute(PERSONS.format(misled=MISLED, misleading=MISLEADING, kinds=len(MISLEADING)))
    con.execute("drop table fates")


# Times ending in _op count seconds of operational time, in which ordering is even; the table `warp` stretches
# it so that promotion windows and weekends are busier. Times ending in _s are seconds on the wall. Both start
# with the first day; a member who registered before it has a negative time.
PLANTED = """
create temp table planted as
with drawn as (
    select
        person,
        rhythm.grp,
        rhythm.category_group,
        draw('prospect', person) < 0.06 as is_prospect,
        -- A gamma of shape 4 around the group's mean: persons differ, and nobody's cycle is near zero.
        cast(86400 * rhythm.mean_days * least(3.5, greatest(0.3, -0.25 * ln(
            (1 - draw('cycle 1', person)) * (1 - draw('cycle 2', person))
            * (1 - draw('cycle 3', person)) * (1 - draw('cycle 4', person))
        ))) as bigint) as cycle_op,
        case
            when draw('old member', person) < 0.55
                then cast(-1100 * 86400 * draw('registered', person) as bigint)
            else cast(getvariable('horizon') * draw('registered', person) as bigint)
        end as registered_op,
        case when person % 64 < 3 then person - person % 64
            when person % 64 < 5 then person - person % 64 + 3 end
            as family,
    from range(getvariable('persons')) as everyone (person)
    join rhythm on draw('group', person) >= rhythm.from_share and draw('group', person) < rhythm.to_share
),
begun as (
    select
        *,
        case
            when registered_op < 0 then cast(cycle_op * draw('first', person) as bigint)
            when draw('buys at once', person) < 0.35 then registered_op
            else registered_op - cast(5 * 86400 * ln(1 - draw('first', person)) as bigint)
        end as first_op,
        greatest(registered_op, 0) + cast(86400 * (25 - 1200 * ln(1 - draw('dropout', person))) as bigint)
            as leaves_op,
        greatest(registered_op, 0) + 60 * 86400
        + cast((getvariable('horizon') - greatest(registered_op, 0) - 260 * 86400) * draw('pause', person)
            as bigint)
            as pauses_op,
    from drawn
),
decided as (
    select
        * exclude (leaves_op, pauses_op),
        case when leaves_op < getvariable('horizon') - 5 * 86400 then leaves_op end as dropout_op,
        case
            when leaves_op >= getvariable('horizon') - 5 * 86400
                and registered_op < getvariable('horizon') - 320 * 86400
                and draw('pauses', person) < 0.14
                then pauses_op
        end as pause_from_op,
        cast(86400 * (40 + 100 * draw('pause length', person)) as bigint) as pause_length,
    from begun
)
select
    decided.*,
    coalesce(on_wall(registered_op, registered.start_s, registered.length_s), registered_op) as registered_s,
    case when first_op < coalesce(dropout_op, getvariable('horizon')) and not is_prospect
        then on_wall(first_op, begins.start_s, begins.length_s) end as first_s,
    on_wall(dropout_op, leaves.start_s, leaves.length_s) as dropout_s,
    on_wall(pause_from_op, pauses.start_s, pauses.length_s) as pause_from_s,
    on_wall(pause_from_op, pauses.start_s, pauses.length_s) + pause_length as pause_to_s,
from decided
left join warp as registered on decided.registered_op // 86400 = registered.bin and decided.registered_op >= 0
left join warp as begins on decided.first_op // 86400 = begins.bin
left join warp as leaves on decided.dropout_op // 86400 = leaves.bin
left join warp as pauses on decided.pause_from_op // 86400 = pauses.bin
"""

# The same persons with their habits, and with up to three member records to act under.
PERSONS = """
create temp table persons as
with styled as (
    select
        fates.* exclude (dropout_cause, is_prospect, pause_length),
        first_s is null as is_prospect,
        case
            when dropout_s is not null and first_s is not null then dropout_cause
            when first_s is not null and cycle_op > 14 * 86400 then 'not_due'
        end as cause,
        coalesce(dropout_op, getvariable('horizon')) as end_op,
        coalesce(dropout_s, getvariable('horizon')) as end_s,
        cast(floor(60 * power(draw('store', coalesce(family, person)), 1.4)) as integer) as store_no,
        case when draw('sensitive', person) < 0.15 then 0.62 + 0.3 * draw('sensitivity', person)
            else 0.16 * draw('sensitivity', person) end as price_sensitivity,
        0.1 + 0.8 * draw('online', person) as online_share,
        draw('daypart', person) as daypart,
        -- How much a person looks around without buying; gamma of shape 2 with mean one.
        -0.5 * ln((1 - draw('curious 1', person)) * (1 - draw('curious 2', person))) as curiosity,
        -- Consent for one channel withdrawn some day: often by those who cannot be reached, after too many
        -- touches by others.
        case
            when dropout_cause = 'touch_fatigue' and dropout_s is not null then dropout_s
            when draw('withdraws', person) < case
                when dropout_cause = 'not_reached' and dropout_s is not null then 0.5 else 0.06 end
                then greatest(registered_s, 0)
                    + cast((getvariable('horizon') - greatest(registered_s, 0)) * draw('withdrawn', person)
                        as bigint)
        end as withdrawn_s,
        ['wechat', 'wechat', 'sms', 'push', 'email', 'call'][1
            + cast(floor(6 * draw('withdrawn channel', person)) as integer)]
            as withdrawn_channel,
        coalesce(
            dropout_s - cast(60 * 86400 * draw('misled when', person) as bigint),
            greatest(registered_s, 0) + cast(
                (getvariable('horizon') - greatest(registered_s, 0)) * draw('misled when', person) as bigint)
        ) as misled_s,
    from fates
)
select
    styled.*,
    case when draw('misled', styled.person) < {misled}
        then nullif({misleading}[1 + cast(floor({kinds} * draw('misled by', styled.person)) as integer)],
            coalesce(styled.cause, ''))
    end as false_trace,
    first_record.system as system_1,
    first_record.member_id as member_id_1,
    second_record.system as system_2,
    second_record.member_id as member_id_2,
    second_record.record_s as from_2_s,
    third_record.system as system_3,
    third_record.member_id as member_id_3,
    third_record.record_s as from_3_s,
from styled
join records as first_record on styled.person = first_record.person and first_record.copy = 0
left join records as second_record on styled.person = second_record.person and second_record.copy = 1
left join records as third_record on styled.person = third_record.person and third_record.copy = 2
"""
