select
    experiment,
    rule_hash,
    registered_on,
    planned_members
from {{ source('rekindle', 'experiment_rules') }}
