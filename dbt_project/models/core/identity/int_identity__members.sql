-- Second pass over the links that were kept, and what people decided; the key of the anchor is the key of the member. A
-- record that its source deleted keeps its member as long as another record of it is there.
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

{{ one_person('records', 'links', 'decisions') }},

members as (
    select
        records.*,
        anchors.record_key as member_key,
        min(case when records.is_deleted then 1 else 0 end) over (partition by anchors.record_key) as is_gone
    from records
    inner join persons on records.record_key = persons.record_key
    inner join records as anchors on persons.anchor_rank = anchors.anchor_rank
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
