{%- set families = churn_features() -%}
with probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

scores as (
    select * from {{ ref('int_churn_model__scores') }}
    where is_champion
),

families as (
    select * from {{ ref('churn_reason_families') }}
),

parts as (
    select
        scores.member_key,
        scores.as_of_date,
        scores.horizon_days,
        families.family,
        families.family_order,
        case families.family
            when 'baseline' then scores.baseline
            {%- for family in families %}
            when '{{ family }}' then scores.{{ family }}_logit
            {%- endfor %}
        end as contribution
    from scores
    cross join families
    {%- for horizon in var('churn_horizons') %}
    union all
    -- The base probability is rhythm alone.
    select
        probabilities.member_key,
        probabilities.as_of_date,
        {{ horizon }} as horizon_days,
        families.family,
        families.family_order,
        {{ log_odds('probabilities.p_no_purchase_' ~ horizon ~ 'd') }} as contribution
    from probabilities
    inner join families on families.family = 'rhythm'
    where probabilities.scored_by_{{ horizon }}d = 'base'
    {%- endfor %}
),

moving as (
    select
        parts.*,
        parts.family <> 'baseline' as is_reason,
        sum(case when parts.family <> 'baseline' then abs(parts.contribution) end)
            over (partition by parts.member_key, parts.as_of_date, parts.horizon_days) as all_contributions,
        row_number() over (
            partition by parts.member_key, parts.as_of_date, parts.horizon_days
            order by
                case when parts.family <> 'baseline' then parts.contribution end desc nulls last,
                parts.family_order
        ) as place
    from parts
    where parts.contribution <> 0
)

select
    member_key,
    as_of_date,
    horizon_days,
    family,
    contribution,
    case when is_reason then {{ share('abs(contribution)', 'all_contributions') }} end as contribution_share,
    case when is_reason and contribution > 0 then cast(place as integer) end as reason_rank
from moving
