-- Second pass over the links that were kept; the key of the anchor is the key of the member. A record that its source
-- deleted keeps its member as long as another record of it is there.
with records as (
    select * from {{ ref('int_identity__records') }}
),

links as (
    select
        record_key,
        link_key
    from {{ ref('int_identity__links') }}
    where link_key is not null
),

{{ min_label_rounds('records', 'links', var('identity_rounds')) }},

members as (
    select
        records.*,
        anchors.record_key as member_key,
        min(case when records.is_deleted then 1 else 0 end) over (partition by anchors.record_key) as is_gone
    from records
    inner join labels_{{ var('identity_rounds') }} as labels on records.record_key = labels.record_key
    inner join records as anchors on labels.anchor_rank = anchors.anchor_rank
)

select
    record_key,
    source,
    system,
    member_id,
    member_key,
    record_key = member_key as is_anchor,
    registered_on,
    updated_at,
    is_deleted
from members
where is_gone = 0
