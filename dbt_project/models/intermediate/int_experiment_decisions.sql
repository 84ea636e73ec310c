select
    experiment,
    arm,
    look_no,
    verdict,
    effect,
    effect_lower,
    effect_upper,
    p_value_adjusted,
    sentence_en,
    sentence_zh,
    decided_on,
    rule_hash
from {{ ref('stg_control__experiment_decisions') }}
