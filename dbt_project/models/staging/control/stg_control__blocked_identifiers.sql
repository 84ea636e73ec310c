select
    identifier_type,
    pseudonym,
    reason
from {{ source('control', 'blocked_identifiers') }}
