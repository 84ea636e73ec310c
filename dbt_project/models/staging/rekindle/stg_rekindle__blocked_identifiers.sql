select
    identifier_type,
    pseudonym,
    reason
from {{ source('rekindle', 'blocked_identifiers') }}
