-- Whoever bought a product again has a rhythm of their own; whoever bought it once is taken to have the product's. What
-- nobody ever bought again is never due.
with limits as (
    {{ settings('tag_settings', ['minimum_own_gaps', 'due_from_ratio', 'due_to_ratio']) }}
),

member_products as (
    select * from {{ ref('int_offers__member_products') }}
),

products as (
    select * from {{ ref('fct_product_attributes') }}
),

cycles as (
    select
        member_products.member_key,
        member_products.as_of_date,
        member_products.source,
        member_products.product_id,
        member_products.last_bought_on,
        limits.due_from_ratio,
        limits.due_to_ratio,
        {{ days_between('member_products.last_bought_on', 'member_products.as_of_date') }} as days_since,
        case
            when member_products.purchase_days - 1 >= limits.minimum_own_gaps
                then cast(
                    cast({{ days_between('first_bought_on', 'last_bought_on') }} as double)
                    / nullif(member_products.purchase_days - 1, 0) as decimal(12, 2)
                )
            else products.replenishment_days
        end as cycle_days
    from member_products
    cross join limits
    inner join products
        on member_products.as_of_date = products.as_of_date
        and member_products.source = products.source
        and member_products.product_id = products.product_id
)

select
    member_key,
    as_of_date,
    source,
    product_id,
    last_bought_on,
    cycle_days,
    {{ add_days('last_bought_on', 'cast(ceil(cycle_days * due_from_ratio) as integer)') }} as due_on,
    case
        when cycle_days is null or days_since < ceil(cycle_days * due_from_ratio) then 'early'
        when days_since <= cycle_days * due_to_ratio then 'due'
        else 'given_up'
    end as replenishment
from cycles
