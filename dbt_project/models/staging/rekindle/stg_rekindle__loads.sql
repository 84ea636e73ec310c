select
    source,
    table_name,
    delivered_on,
    status,
    rows_in,
    rows_loaded,
    rows_quarantined,
    exact_duplicates,
    notes,
    findings
from {{ source('rekindle', 'loads') }}
