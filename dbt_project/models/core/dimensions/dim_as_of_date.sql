with as_of_dates as (
    select
        *,
        {{ add_days('as_of_date', 1) }} as day_after,
        as_of_date = max(as_of_date) over () as is_newest
    from {{ ref('stg_rekindle__as_of_dates') }}
)

select
    as_of_date,
    -- A Sunday's state decides the week that begins on the Monday after it.
    case when {{ week_start('day_after') }} = day_after then day_after end as campaign_week,
    is_newest,
    is_computed,
    computed_because,
    is_told,
    told_by,
    definition_hash
from as_of_dates
