{%- set families = churn_features() -%}
{%- set horizons = var('churn_horizons') | sort -%}
with probabilities as (
    select * from {{ ref('member_churn_probability') }}
),

scores as (
    select * from {{ ref('int_churn_model__scores') }}
),

baselines as (
    select * from {{ ref('member_churn_baseline') }}
),

families as (
    select * from {{ ref('churn_reason_families') }}
),

-- Where a shorter horizon stands for a longer one, so do its reasons.
given as (
    {%- for horizon in horizons %}
    select
        member_key,
        as_of_date,
        {{ horizon }} as horizon_days,
        {%- if loop.first %}
        {{ horizon }} as reasons_of_days,
        {%- else %}
        case
            {%- for other in horizons[:loop.index0] %}
            when p_no_purchase_{{ horizon }}d = p_no_purchase_{{ other }}d then {{ other }}
            {%- endfor %}
            else {{ horizon }}
        end as reasons_of_days,
        {%- endif %}
        scored_by_{{ horizon }}d as scored_by,
        p_no_purchase_{{ horizon }}d as p_no_purchase
    from probabilities
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

based as (
    select
        given.*,
        case given.reasons_of_days
            {%- for horizon in horizons %}
            when {{ horizon }} then {{ log_odds('baselines.even_p_no_purchase_' ~ horizon ~ 'd') }}
            {%- endfor %}
        end as even_logit
    from given
    inner join baselines
        on given.member_key = baselines.member_key
        and given.as_of_date = baselines.as_of_date
    where given.scored_by = 'base'
),

parts as (
    select
        given.member_key,
        given.as_of_date,
        given.horizon_days,
        families.family,
        families.family_order,
        case families.family
            when 'baseline' then scores.baseline
            when 'season' then scores.season_logit
            {%- for family in families %}
            when '{{ family }}' then scores.{{ family }}_logit
            {%- endfor %}
        end as contribution
    from given
    inner join scores
        on given.member_key = scores.member_key
        and given.as_of_date = scores.as_of_date
        and given.reasons_of_days = scores.horizon_days
        and given.scored_by = 'model'
    cross join families
    union all
    -- The base probability is rhythm alone, and the season it falls into.
    select
        based.member_key,
        based.as_of_date,
        based.horizon_days,
        families.family,
        families.family_order,
        cast(
            case families.family
                when 'rhythm' then based.even_logit
                else {{ log_odds('based.p_no_purchase') }} - based.even_logit
            end as decimal(18, 9)
        ) as contribution
    from based
    inner join families on families.family in ('rhythm', 'season')
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
