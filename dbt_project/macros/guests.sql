{# Whether an order is a guest's: the loader gave it the pseudonym of a contact detail for a member number. #}
{% macro is_guest() -%}
    coalesce(member_id in (email, phone), false)
{%- endmacro %}


{# The system a member number of an order is of; guests of orders without one are in a system of their own. #}
{% macro member_system() -%}
    case when system is null and {{ is_guest() }} then '{{ var("guest_system") }}' else system end
{%- endmacro %}


{# A guest is registered with the first order, and known under what the latest order tells. Whoever is a member
   under the same contact detail stays one. #}
{% macro guest_records() -%}
    select
        orders.source,
        orders.system,
        orders.member_id,
        orders.phone_pseudonym,
        orders.email_pseudonym,
        orders.registered_on,
        orders.updated_at,
        guests.first_delivered_on
    from (
        select
            source,
            member_system as system,
            member_id,
            phone_pseudonym,
            email_pseudonym,
            min(ordered_on) over (partition by source, member_system, member_id) as registered_on,
            max(ordered_at) over (partition by source, member_system, member_id) as updated_at,
            row_number() over (
                partition by source, member_system, member_id
                order by case when phone_pseudonym is null then 1 else 0 end, ordered_at desc, order_key
            ) as contact_rank
        from {{ ref('stg_chain__orders') }}
        where is_guest
    ) as orders
    inner join {{ ref('stg_chain__guests') }} as guests
        on orders.source = guests.source
        and orders.system = guests.system
        and orders.member_id = guests.member_id
    left join {{ ref('stg_chain__members') }} as members
        on orders.source = members.source
        and orders.system = members.system
        and orders.member_id = members.member_id
    left join {{ ref('stg_rekindle__blocked_identifiers') }} as blocked on orders.member_id = blocked.pseudonym
    where orders.contact_rank = 1 and members.member_id is null and blocked.pseudonym is null
{%- endmacro %}
