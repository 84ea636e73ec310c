-- What the reasons of a warning call for. An open problem goes before everything, so nobody is sent a coupon while a
-- complaint is open; then the actions of the highest level, so a weak signal beside a strong one does not choose. A
-- wanted product that is out of stock calls for its action at whatever level the warning has.
with reasons as (
    select * from {{ ref('fct_warning_reason') }}
),

missed_products as (
    select * from {{ ref('fct_missed_product') }}
    where missed_rank = 1
),

actions as (
    select * from {{ ref('churn_actions') }}
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
    union all
    select
        reasons.member_key,
        reasons.as_of_date,
        0 as reason_rank,
        reasons.level_order,
        'stock' as family,
        false as is_unsolved
    from reasons
    inner join missed_products
        on reasons.member_key = missed_products.member_key
        and reasons.as_of_date = missed_products.as_of_date
    where reasons.reason_rank = 1
),

families as (
    select
        member_key,
        as_of_date,
        family,
        is_unsolved,
        max(level_order) as level_order,
        min(reason_rank) as reason_rank
    from calls
    group by member_key, as_of_date, family, is_unsolved
)

select
    families.member_key,
    families.as_of_date,
    cast(row_number() over (
        partition by families.member_key, families.as_of_date
        order by
            case when families.is_unsolved then 0 else 1 end asc,
            families.level_order desc,
            actions.action_order asc,
            families.reason_rank asc
    ) as integer) as action_rank,
    actions.action,
    families.family,
    families.is_unsolved,
    families.level_order,
    actions.owner_role,
    actions.due_days
from families
inner join actions
    on families.family = actions.family
    and families.is_unsolved = actions.is_unsolved
