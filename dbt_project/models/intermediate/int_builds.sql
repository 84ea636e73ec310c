select
    build_id,
    as_of_date,
    code_version
from {{ ref('stg_control__builds') }}
