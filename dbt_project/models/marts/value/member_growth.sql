-- The points that are valid at each as-of date. The ledger is summed up to every day that starts or ends a validity, so
-- that a date is the difference of two sums, and nothing is added up twice.
with members as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

settings as (
    {{ settings('value_settings', ['validity_days']) }}
),

ledger as (
    select * from {{ ref('fct_growth_ledger') }}
),

levels as (
    select
        *,
        lead(points_from) over (order by points_from) as next_points_from,
        lead(growth_level) over (order by points_from) as next_level,
        lead(label_en) over (order by points_from) as next_level_label_en,
        lead(label_zh) over (order by points_from) as next_level_label_zh
    from {{ ref('growth_levels') }}
),

as_of_dates as (
    select
        dates.as_of_date,
        {{ add_days('dates.as_of_date', '-settings.validity_days') }} as expired_on
    from {{ ref('dim_as_of_date') }} as dates
    cross join settings
    where dates.is_computed
),

summed_days as (
    select as_of_date as summed_on from as_of_dates
    union distinct
    select expired_on as summed_on from as_of_dates
),

-- The first of those days that knows each day of the ledger.
known_on as (
    select
        ledger_days.earned_on,
        min(summed_days.summed_on) as summed_on
    from (select distinct earned_on from ledger) as ledger_days
    inner join summed_days on ledger_days.earned_on <= summed_days.summed_on
    group by ledger_days.earned_on
),

added as (
    select
        ledger.member_key,
        known_on.summed_on,
        sum(ledger.points) as points
    from ledger
    inner join known_on on ledger.earned_on = known_on.earned_on
    group by ledger.member_key, known_on.summed_on
),

totals as (
    select
        member_key,
        summed_on,
        cast(sum(points) over (
            partition by member_key order by summed_on rows between unbounded preceding and current row
        ) as bigint) as points,
        coalesce(
            lead(summed_on) over (partition by member_key order by summed_on), {{ end_of_time() }}
        ) as next_summed_on
    from added
),

valid as (
    select
        members.member_key,
        members.as_of_date,
        coalesce(known.points, 0) - coalesce(expired.points, 0) as growth_points
    from members
    inner join as_of_dates on members.as_of_date = as_of_dates.as_of_date
    left join totals as known
        on members.member_key = known.member_key
        and members.as_of_date >= known.summed_on
        and members.as_of_date < known.next_summed_on
    left join totals as expired
        on members.member_key = expired.member_key
        and as_of_dates.expired_on >= expired.summed_on
        and as_of_dates.expired_on < expired.next_summed_on
)

select
    valid.member_key,
    valid.as_of_date,
    valid.growth_points,
    levels.growth_level,
    levels.label_en as level_label_en,
    levels.label_zh as level_label_zh,
    levels.next_level,
    levels.next_level_label_en,
    levels.next_level_label_zh,
    levels.next_points_from - valid.growth_points as points_to_next_level,
    levels.benefit_pack,
    levels.pack_label_en,
    levels.pack_label_zh,
    levels.pack_en,
    levels.pack_zh
from valid
left join levels
    on greatest(valid.growth_points, 0) >= levels.points_from
    and (greatest(valid.growth_points, 0) < levels.next_points_from or levels.next_points_from is null)
