-- cycle = (shape * g + own gaps) / (own gaps' count + shape - 1): the posterior mean under a gamma prior with the mean
-- completed gap g of the member's category group, or of everybody where the group has too few gaps.
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

settings as (
    {{ settings('lifecycle_settings', ['prior_shape', 'minimum_group_gaps', 'fallback_gap_days', 'rhythm_cycles']) }}
),

bands as (
    select
        *,
        coalesce(lag(up_to_days) over (order by up_to_days), 0) as over_days
    from {{ ref('cycle_bands') }}
),

own as (
    select
        member_key,
        as_of_date,
        category_group,
        last_purchase_on,
        purchase_days - 1 as gaps,
        {{ days_between('first_purchase_on', 'last_purchase_on') }} as gap_days
    from activity
),

group_gaps as (
    select
        as_of_date,
        category_group,
        {{ integer_sum('gaps') }} as gaps,
        {{ integer_sum('gap_days') }} as gap_days
    from own
    group by as_of_date, category_group
),

group_means as (
    select
        group_gaps.as_of_date,
        group_gaps.category_group,
        settings.prior_shape,
        case
            when group_gaps.gaps >= settings.minimum_group_gaps
                then cast(group_gaps.gap_days as double) / nullif(group_gaps.gaps, 0)
            else coalesce(
                cast(sum(group_gaps.gap_days) over (partition by group_gaps.as_of_date) as double)
                / nullif(sum(group_gaps.gaps) over (partition by group_gaps.as_of_date), 0),
                settings.fallback_gap_days
            )
        end as mean_gap_days
    from group_gaps
    cross join settings
),

cycles as (
    select
        own.member_key,
        own.as_of_date,
        own.category_group,
        own.gaps,
        own.last_purchase_on,
        cast(group_means.mean_gap_days as decimal(9, 2)) as group_gap_days,
        cast(
            (group_means.prior_shape * group_means.mean_gap_days + own.gap_days)
            / (own.gaps + group_means.prior_shape - 1)
            as decimal(9, 2)
        ) as cycle_days
    from own
    inner join group_means
        on own.as_of_date = group_means.as_of_date
        and own.category_group = group_means.category_group
),

-- The last purchase in rhythm is one not later after the one before than some cycles. A purchase months later is an
-- answer to something, not the old rhythm again.
rhythms as (
    select
        cycles.member_key,
        cycles.as_of_date,
        max(purchase_days.purchased_on) as quiet_since_on
    from cycles
    cross join settings
    inner join purchase_days
        on cycles.member_key = purchase_days.member_key
        and cycles.as_of_date >= purchase_days.purchased_on
        and coalesce(
            {{ days_between('purchase_days.previous_purchased_on', 'purchase_days.purchased_on') }}
            <= cycles.cycle_days * settings.rhythm_cycles,
            true
        )
    group by cycles.member_key, cycles.as_of_date
)

select
    cycles.member_key,
    cycles.as_of_date,
    cycles.category_group,
    cycles.gaps,
    cycles.group_gap_days,
    cycles.cycle_days,
    bands.cycle_band,
    {{ add_days('cycles.last_purchase_on', 'cast(ceil(cycles.cycle_days) as integer)') }} as next_purchase_due_on,
    cast(
        {{ days_between('cycles.last_purchase_on', 'cycles.as_of_date') }} / nullif(cycles.cycle_days, 0)
        as decimal(9, 3)
    ) as overdue_ratio,
    rhythms.quiet_since_on
from cycles
inner join rhythms
    on cycles.member_key = rhythms.member_key
    and cycles.as_of_date = rhythms.as_of_date
inner join bands
    on cycles.cycle_days > bands.over_days
    and cycles.cycle_days <= bands.up_to_days
