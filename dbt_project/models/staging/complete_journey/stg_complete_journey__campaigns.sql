with newest as (
    {{ newest_delivered('complete_journey', 'campaigns', ['campaign_id', 'household_id']) }}
)

select
    source,
    campaign_id,
    'complete_journey' as system,
    cast(household_id as {{ dbt.type_string() }}) as member_id
from newest
