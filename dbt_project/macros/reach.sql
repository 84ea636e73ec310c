{# When campaigns may contact a member on a channel, from `reachable_on` to the day before `next_on`: consent for their
   purpose, and an address. #}
{% macro reach() -%}
    select
        permissions.member_key,
        permissions.channel,
        greatest(permissions.changed_on, contact_points.known_on) as reachable_on,
        permissions.next_on
    from {{ ref('fct_contact_permission') }} as permissions
    inner join ({{ settings('campaign_settings', ['answer_purpose']) }}) as limits
        on permissions.purpose = limits.answer_purpose
    inner join {{ ref('int_contact_channels') }} as contact_points
        on permissions.member_key = contact_points.member_key
        and permissions.channel = contact_points.channel
        and permissions.next_on > contact_points.known_on
    where permissions.is_allowed
{%- endmacro %}
