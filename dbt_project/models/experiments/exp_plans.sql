select
    experiment,
    arm,
    weekly_members,
    planned_members,
    planned_control_members,
    minimal_effect,
    smallest_effect,
    relative_smallest_effect,
    power,
    members_needed,
    is_too_small,
    warning
from {{ ref('int_experiment_plans') }}
