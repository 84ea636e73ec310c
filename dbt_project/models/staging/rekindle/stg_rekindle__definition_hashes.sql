select
    campaign,
    definition_hash
from {{ source('rekindle', 'definition_hashes') }}
