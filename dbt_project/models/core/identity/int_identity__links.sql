-- Which identifiers of a record link it to others, and why the rest do not.
with records as (
    select * from {{ ref('int_identity__records') }}
),

rules as (
    select
        *,
        priority = min(priority) over () as is_strongest
    from {{ ref('identifiers') }}
),

blocked as (
    select * from {{ ref('stg_rekindle__blocked_identifiers') }}
),

{{ evaluated_links('records') }}

select * from evaluated
