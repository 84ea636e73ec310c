select
    campaign,
    as_of_date
from {{ ref('aud_campaign_weeks') }}
where not is_sealed
union distinct
select
    campaign,
    as_of_date
from {{ ref('aud_baseline_dates') }}
