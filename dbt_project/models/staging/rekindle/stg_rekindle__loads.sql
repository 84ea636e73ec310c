select
    source,
    contract,
    table_name,
    delivered_on,
    status,
    rows_in,
    rows_loaded,
    rows_quarantined,
    exact_duplicates,
    covers,
    notes,
    findings
from {{ source('rekindle', 'loads') }}
