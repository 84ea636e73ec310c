select
    experiment,
    arm,
    weekly_members,
    planned_members,
    planned_control_members,
    cast(minimal_effect as decimal(28, 10)) as minimal_effect,
    cast(smallest_effect as decimal(28, 10)) as smallest_effect,
    cast(relative_smallest_effect as decimal(28, 10)) as relative_smallest_effect,
    cast(power as decimal(28, 10)) as power,
    members_needed,
    is_too_small,
    warning
from {{ source('rekindle', 'experiment_plans') }}
