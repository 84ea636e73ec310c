-- First pass: every link that may be used. Components that break a limit are found from it.
with records as (
    select
        record_key,
        anchor_rank
    from {{ ref('int_identity__records') }}
),

links as (
    select
        record_key,
        link_key
    from {{ ref('int_identity__identifiers') }}
    where link_key is not null
),

{{ min_label_rounds('records', 'links', var('identity_rounds')) }}

select
    record_key,
    anchor_rank
from labels_{{ var('identity_rounds') }}
