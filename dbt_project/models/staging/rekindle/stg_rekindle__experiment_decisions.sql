select
    experiment,
    arm,
    cast(look_no as integer) as look_no,
    verdict,
    cast(effect as decimal(28, 10)) as effect,
    cast(effect_lower as decimal(28, 10)) as effect_lower,
    cast(effect_upper as decimal(28, 10)) as effect_upper,
    cast(p_value_adjusted as decimal(28, 10)) as p_value_adjusted,
    sentence_en,
    sentence_zh,
    decided_on,
    rule_hash
from {{ source('rekindle', 'experiment_decisions') }}
