select member_id, cast(ordered_at as date) as purchased_on from {{ ref('stg_chain__orders') }}
