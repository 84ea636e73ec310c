select
    campaign,
    definition_hash
from {{ source('control', 'definition_hashes') }}
