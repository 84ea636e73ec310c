select
    experiment,
    rule_hash,
    registered_on,
    planned_members
from {{ ref('stg_control__experiment_rules') }}
