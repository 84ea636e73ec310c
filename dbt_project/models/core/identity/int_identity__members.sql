-- Second pass over the links that were kept; the key of the anchor is the key of the member.
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

{{ min_label_rounds('records', 'links', var('identity_rounds')) }}

select
    records.record_key,
    records.source,
    records.system,
    records.member_id,
    anchors.record_key as member_key,
    records.record_key = anchors.record_key as is_anchor,
    records.registered_on,
    records.updated_at
from records
inner join labels_{{ var('identity_rounds') }} as labels on records.record_key = labels.record_key
inner join records as anchors on labels.anchor_rank = anchors.anchor_rank
