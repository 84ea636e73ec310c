with newest as (
    {{ newest_and_first_delivered('complete_journey', 'demographics', ['household_id']) }}
)

select
    source,
    'complete_journey' as system,
    cast(household_id as {{ dbt.type_string() }}) as member_id,
    age as age_band,
    income as income_band,
    home_ownership,
    marital_status,
    household_size as household_size_band,
    household_comp as household_composition,
    kids_count as children_band,
    first_delivered_on
from newest
