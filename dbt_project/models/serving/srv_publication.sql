with builds as (
    select * from {{ ref('dim_build') }}
)

select
    build_id,
    as_of_date,
    code_version
from builds
