select member_id, as_of_date, stage from {{ ref('member_lifecycle') }}
