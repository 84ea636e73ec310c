{# What a call may save, per member and as-of date: the probability that the member stays away, times the margin of a
   year, times the share of those whom a call brings back (seeds/campaigns/call_effects.csv, by the action of the
   warning). Before the first fit the weight of the warning's level is the probability; a margin that is not known for
   every purchase is taken as `assumed_margin_share` of the net amount. #}
{% macro call_savings() -%}
    {%- set longest = var('activity_windows')[-1] -%}
    {%- set horizon = var('churn_horizons')[-1] -%}
    select
        activity.member_key,
        activity.as_of_date,
        case
            when probabilities.member_key is not null then 'probability'
            when levels.churn_level is not null then 'level'
        end as loss_basis,
        coalesce({{ money(
            'greatest(coalesce(activity.margin_amount_' ~ longest ~ 'd, activity.net_amount_' ~ longest
            ~ 'd * assumed.assumed_margin_share), 0)'
            ~ ' * coalesce(probabilities.p_no_purchase_' ~ horizon ~ 'd, levels.loss_weight)'
            ~ ' * coalesce(of_action.saved_share, of_all.saved_share)'
        ) }}, 0) as saved_amount
    from {{ ref('member_activity') }} as activity
    cross join ({{ settings('campaign_settings', ['assumed_margin_share']) }}) as assumed
    inner join {{ ref('call_effects') }} as of_all on of_all.action = 'every'
    left join {{ ref('member_churn_probability') }} as probabilities
        on activity.member_key = probabilities.member_key
        and activity.as_of_date = probabilities.as_of_date
    left join {{ ref('member_churn_warning') }} as warnings
        on activity.member_key = warnings.member_key
        and activity.as_of_date = warnings.as_of_date
    left join {{ ref('churn_levels') }} as levels on warnings.churn_level = levels.churn_level
    left join {{ ref('call_effects') }} as of_action on warnings.action = of_action.action
{%- endmacro %}
