select order_id, member_id, ordered_at from {{ source('chain', 'orders') }} where member_id is not null
