-- Second pass over the links that were kept, and what people decided; the key of the anchor is the key of the member.
with records as (
    select * from {{ ref('int_identity__records') }}
),

decisions as (
    select * from {{ ref('stg_rekindle__identity_decisions') }}
    where ended_on is null
),

links as (
    select
        record_key,
        link_key,
        priority
    from {{ ref('int_identity__links') }}
    where link_key is not null
),

{{ one_person('records', 'links', 'decisions') }}

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
inner join persons on records.record_key = persons.record_key
inner join records as anchors on persons.anchor_rank = anchors.anchor_rank
