-- A warning has the level at which the member's probability stands, or the highest of the signals on dates without
-- probabilities; its reason is the weightiest signal, with the first action that the signals call for, and the
-- probability itself where there is no signal. An open problem goes before everything, so nobody is sent a coupon while
-- a complaint is open; then the actions of the highest level, so a weak signal beside a strong one does not choose. A
-- bad experience that somebody went silent over is open as long as the silence lasts, whatever became of the ticket:
-- nobody is taught the value of what disappointed them. A wanted product that is out of stock calls for its action at
-- whatever level the warning has. Who is held out is warned like everybody else, and answered by nobody: only then can
-- the effect of answering be measured.
with signals as (
    select * from {{ ref('fct_churn_signal') }}
    where reason_rank is not null
),

at_risk as (
    select * from {{ ref('int_churn_signal__most_at_risk') }}
),

missed_products as (
    select * from {{ ref('fct_missed_product') }}
    where missed_rank = 1
),

silenced as (
    select
        member_causes.member_key,
        member_causes.as_of_date,
        causes.action_family
    from {{ ref('member_silence_cause') }} as member_causes
    inner join {{ ref('silence_causes') }} as causes on member_causes.silence_cause = causes.silence_cause
    where causes.action_family is not null
),

follow_up as (
    {{ settings('churn_settings', ['held_out_share', 'held_out_salt']) }}
),

-- Of a member without signals the probability is the reason.
reasons as (
    select
        {%- for column in [
            'member_key', 'as_of_date', 'signal', 'family', 'level_order', 'evidence_on', 'sentence_en', 'sentence_zh',
        ] %}
        coalesce(signals.{{ column }}, at_risk.{{ column }}) as {{ column }},
        {%- endfor %}
        coalesce(signals.reason_rank, 1) as reason_rank,
        coalesce(signals.is_unsolved, false) as is_unsolved,
        signals.step,
        coalesce(at_risk.churn_level, signals.churn_level) as churn_level,
        at_risk.p_no_purchase
    from signals
    full outer join at_risk
        on signals.member_key = at_risk.member_key
        and signals.as_of_date = at_risk.as_of_date
    where at_risk.member_key is not null or signals.as_of_date not in (select scored.as_of_date from at_risk as scored)
),

calls as (
    select
        member_key,
        as_of_date,
        reason_rank,
        level_order,
        family,
        is_unsolved
    from reasons
    {%- for beside, family, is_unsolved in [
        ('missed_products', "'stock'", 'false'), ('silenced', 'silenced.action_family', 'true'),
    ] %}
    union all
    select
        reasons.member_key,
        reasons.as_of_date,
        0 as reason_rank,
        reasons.level_order,
        {{ family }} as family,
        {{ is_unsolved }} as is_unsolved
    from reasons
    inner join {{ beside }}
        on reasons.member_key = {{ beside }}.member_key
        and reasons.as_of_date = {{ beside }}.as_of_date
    where reasons.reason_rank = 1
    {%- endfor %}
),

called as (
    select
        calls.*,
        actions.action,
        actions.owner_role,
        actions.due_days,
        row_number() over (
            partition by calls.member_key, calls.as_of_date
            order by calls.is_unsolved desc, calls.level_order desc, actions.action_order asc, calls.reason_rank asc
        ) as action_rank
    from calls
    inner join {{ ref('churn_actions') }} as actions
        on calls.family = actions.family
        and calls.is_unsolved = actions.is_unsolved
),

counted as (
    select
        *,
        count(*) over (partition by member_key, as_of_date) as signals
    from reasons
)

select
    counted.member_key,
    counted.as_of_date,
    counted.churn_level,
    counted.p_no_purchase,
    cast(counted.signals as integer) as signals,
    counted.signal as main_signal,
    counted.step as main_step,
    counted.evidence_on,
    counted.sentence_en,
    counted.sentence_zh,
    called.action,
    called.family as action_family,
    called.is_unsolved,
    called.owner_role,
    {{ add_days('counted.as_of_date', 'called.due_days') }} as due_on,
    missed_products.wanted_because as missed_because,
    missed_products.source as missed_source,
    missed_products.product_id as missed_product_id,
    {{ hash_fraction('follow_up.held_out_salt', 'counted.member_key') }} < cast(follow_up.held_out_share as double)
        as is_held_out
from counted
inner join called
    on counted.member_key = called.member_key
    and counted.as_of_date = called.as_of_date
    and called.action_rank = 1
cross join follow_up
left join missed_products
    on counted.member_key = missed_products.member_key
    and counted.as_of_date = missed_products.as_of_date
where counted.reason_rank = 1
