select
    feature,
    family,
    sign_limit,
    label_en,
    label_zh
from {{ ref('churn_model_features') }}
