with expected_margins as (
    select * from {{ ref('member_expected_margin') }}
)

select
    member_key,
    as_of_date,
    basis,
    expected_purchases_90d,
    expected_margin_90d,
    expected_margin_low_90d,
    expected_margin_high_90d,
    expected_purchases_180d,
    expected_margin_180d,
    expected_margin_low_180d,
    expected_margin_high_180d,
    expected_purchases_365d,
    expected_margin_365d,
    expected_margin_low_365d,
    expected_margin_high_365d
from expected_margins
