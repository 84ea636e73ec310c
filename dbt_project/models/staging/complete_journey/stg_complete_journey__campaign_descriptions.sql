with newest as (
    {{ newest_delivered('complete_journey', 'campaign_descriptions', ['campaign_id']) }}
)

select
    source,
    campaign_id,
    campaign_type,
    start_date as started_on,
    end_date as ended_on
from newest
