select
    {{ named_by(['decision', 'source', 'system', 'member_id', 'other_source', 'other_system', 'other_member_id',
        'valid_from']) }} as decision_id,
    decision = 'merged' as is_merge,
    {{ text_key("source || ':' || system || ':' || member_id") }} as record_key,
    {{ text_key("other_source || ':' || other_system || ':' || other_member_id") }} as other_record_key,
    valid_from as decided_on,
    valid_to as ended_on,
    why,
    who
from {{ source('rekindle', 'identity_decisions') }}
