select
    experiment,
    rule_hash,
    registered_on,
    planned_members
from {{ ref('int_experiment_rules') }}
