{%- set window = var('activity_windows') | max -%}
{%- set in_order = 'partition by member_key, category_group order by known_on' -%}
{%- set so_far = '(' ~ in_order ~ ' rows between unbounded preceding and current row)' -%}
-- A member's totals per category group, with the spend of the last year that makes a group the member's main one, and
-- for the days looked back to as well: scores depend on the main group.
with active_days as (
    select * from {{ ref('int_active_days') }}
    where lifecycle_scope <> 'all'
),

boundaries as (
    {{ boundary_of([('active_days', 'active_on')], 'category_totals') }}
),

cut as (
    select
        active_days.member_key,
        active_days.lifecycle_scope as category_group,
        boundaries.boundary_on as known_on,
        sum(case when active_days.has_purchase then 1 else 0 end) as purchase_days,
        sum(active_days.net_amount) as net_amount,
        min(case when active_days.has_purchase then active_days.active_on end) as first_purchase_on,
        max(case when active_days.has_purchase then active_days.active_on end) as last_purchase_on,
        max(active_days.active_on) as last_active_on
    from active_days
    inner join boundaries on active_days.active_on = boundaries.fact_on
    group by active_days.member_key, active_days.lifecycle_scope, boundaries.boundary_on
),

category_totals as (
    select
        member_key,
        category_group,
        known_on,
        coalesce(lead(known_on) over ({{ in_order }}), {{ end_of_time() }}) as next_known_on,
        cast(sum(purchase_days) over {{ so_far }} as bigint) as purchase_days,
        cast(sum(net_amount) over {{ so_far }} as decimal(18, 2)) as net_amount,
        min(first_purchase_on) over {{ so_far }} as first_purchase_on,
        max(last_purchase_on) over {{ so_far }} as last_purchase_on,
        last_active_on
    from cut
),

at_date as (
    {{ totals_at('category_totals', 'scored_days') }}
),

at_window_start as (
    {{ totals_at('category_totals', 'scored_days', window) }}
),

windowed as (
    select
        at_date.member_key,
        at_date.as_of_date,
        at_date.category_group,
        at_date.purchase_days,
        at_date.first_purchase_on,
        at_date.last_purchase_on,
        at_date.last_active_on,
        at_date.purchase_days - coalesce(at_window_start.purchase_days, 0) as purchase_days_{{ window }}d,
        {{ money('at_date.net_amount - coalesce(at_window_start.net_amount, 0)') }} as net_amount_{{ window }}d,
        at_date.net_amount
    from at_date
    left join at_window_start
        on at_date.member_key = at_window_start.member_key
        and at_date.category_group = at_window_start.category_group
        and at_date.as_of_date = at_window_start.as_of_date
)

-- Most spend in the window; where there was none, most spend ever; the name decides between equals.
select
    *,
    row_number() over (
        partition by member_key, as_of_date
        order by net_amount_{{ window }}d desc, net_amount desc, category_group
    ) = 1
    and last_purchase_on is not null as is_main_group
from windowed
