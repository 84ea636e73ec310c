select
    campaign,
    definition_hash
from {{ ref('stg_control__definition_hashes') }}
