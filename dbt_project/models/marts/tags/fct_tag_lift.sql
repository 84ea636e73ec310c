{{ config(materialized='history') }}

-- What members did within some days after an as-of date, with a tag against without it. A date whose days are not
-- over, or whose end was not built, has no row.
with activity as (
    select * from {{ ref('member_activity') }}
),

held as (
    select * from {{ ref('fct_member_tag') }}
),

settings as (
    {{ settings('tag_settings', ['lift_days', 'least_lift_z']) }}
),

later as (
    select
        activity.member_key,
        activity.as_of_date,
        case when outcome.purchase_days > activity.purchase_days then 1 else 0 end as buyers,
        outcome.net_amount - activity.net_amount as net_amount
    from activity
    cross join settings
    inner join activity as outcome
        on activity.member_key = outcome.member_key
        and outcome.as_of_date = {{ add_days('activity.as_of_date', 'settings.lift_days') }}
),

everybody as (
    select
        as_of_date,
        count(*) as members,
        sum(buyers) as buyers,
        sum(net_amount) as net_amount
    from later
    group by as_of_date
),

with_tag as (
    select
        held.as_of_date,
        held.tag,
        count(*) as members,
        sum(later.buyers) as buyers,
        sum(later.net_amount) as net_amount
    from held
    inner join later
        on held.member_key = later.member_key
        and held.as_of_date = later.as_of_date
    group by held.as_of_date, held.tag
),

shares as (
    select
        with_tag.*,
        everybody.members - with_tag.members as members_without,
        everybody.net_amount - with_tag.net_amount as net_amount_without,
        {{ share('with_tag.buyers', 'with_tag.members') }} as buyer_share,
        {{ share('everybody.buyers - with_tag.buyers', 'everybody.members - with_tag.members') }}
            as buyer_without_share,
        {{ share('everybody.buyers', 'everybody.members') }} as buyer_of_all_share
    from with_tag
    inner join everybody on with_tag.as_of_date = everybody.as_of_date
),

compared as (
    select
        shares.*,
        cast(shares.buyer_share - shares.buyer_without_share as decimal(9, 6)) as lift_share,
        {{ square_root(
            'shares.buyer_of_all_share * (1 - shares.buyer_of_all_share)'
            ~ ' * (1 / cast(shares.members as double) + 1 / nullif(cast(shares.members_without as double), 0))'
        ) }} as standard_error
    from shares
)

select
    compared.as_of_date,
    compared.tag,
    compared.members,
    compared.members_without,
    compared.buyer_share,
    compared.buyer_without_share,
    compared.lift_share,
    cast(compared.lift_share / nullif(compared.standard_error, 0) as decimal(9, 3)) as lift_z,
    coalesce(abs(compared.lift_share) >= settings.least_lift_z * nullif(compared.standard_error, 0), false) as has_lift,
    {{ money('compared.net_amount / compared.members') }} as average_net_amount,
    {{ money('compared.net_amount_without / nullif(compared.members_without, 0)') }} as average_net_amount_without
from compared
cross join settings
