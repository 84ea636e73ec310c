"""The time of the simulation: macros for drawing and for clocks, the days, how busy each is.

Belongs here: what every other module of the sample draws and counts time with.
Does not: what happens on a day.
"""

from __future__ import annotations

MACROS = (
    # A reproducible number in [0, 1) for a stream and a row: no state, so threads cannot change it. The hash
    # differs between versions of DuckDB, which only means that another version simulates other lives.
    """create temp macro draw(stream, id) as
        (hash(xor(hash('{seed} ' || stream), cast(id as ubigint))) >> 11) * 1.1102230246251565e-16""",
    # Seconds since the first day's local midnight as a UTC timestamp; the chain's wall clocks show UTC+8.
    """create temp macro at_utc(seconds) as
        make_timestamp((epoch(getvariable('first_day'))::bigint - 28800 + seconds) * 1000000)""",
    # The same for what may come after the day of the delivery: then nobody knows of it yet.
    """create temp macro seen_by_end(seconds) as
        case when seconds < getvariable('known') then at_utc(seconds) end""",
    # An order's status as it is known on the day of the delivery.
    """create temp macro known_status(status, ordered_s, id) as
        case when status = 'completed' and ordered_s > getvariable('known') - 2 * 86400
            and draw('status', id) < 0.3 then 'pending' else status end""",
    # One gap of a personal cycle: gamma of shape 2.
    """create temp macro gap(cycle, id) as
        cast(cycle / -2 * ln((1 - draw('gap 1', id)) * (1 - draw('gap 2', id))) as bigint)""",
    # Operational seconds on the wall's clock, given the row of `warp` for their day.
    """create temp macro on_wall(seconds, start_s, length_s) as
        start_s + (seconds % 86400) * length_s // 86400""",
    # One-to-one within 40 bits, since the factor is odd.
    """create temp macro scrambled(number) as (number * 2654435761) & 1099511627775""",
)

# The days, which promotion each lies in, and how busy each is: promotions and weekends draw more orders.
CALENDAR = """
create temp table calendar as
with promotions as (
    select code, cast(starts_on as date) as starts_on, cast(ends_on as date) as ends_on
    from read_csv($promotions, all_varchar = true)
),
days as (
    select day, date_add(getvariable('first_day'), cast(day as int)) as date
    from range(getvariable('horizon') // 86400) as days (day)
)
select
    day,
    date,
    min(code) as promotion,
    case when min(code) is not null then 170 else 100 end * case when isodow(date) >= 6 then 13 else 10 end
        as busyness,
from days
left join promotions on days.date between promotions.starts_on and promotions.ends_on
group by day, date
"""

# Operational days are equally busy: day `bin` starts at `start_s` on the wall and lasts `length_s`.
WARP = """
create temp table warp as
with passed as (
    select
        day,
        busyness,
        sum(busyness) over (order by day) - busyness as busy_before,
        sum(busyness) over () as busy_in_all,
    from calendar
),
starts as (
    select
        bin,
        cast(floor(86400
            * (day + (bin * busy_in_all / (getvariable('horizon') // 86400) - busy_before) / busyness))
            as bigint)
            as start_s,
    from range(getvariable('horizon') // 86400) as bins (bin)
    join passed
        on bin * busy_in_all / (getvariable('horizon') // 86400) >= busy_before
        and bin * busy_in_all / (getvariable('horizon') // 86400) < busy_before + busyness
)
select bin, start_s, lead(start_s, 1, getvariable('horizon')) over (order by bin) - start_s as length_s
from starts
"""
