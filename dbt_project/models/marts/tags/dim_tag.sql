select
    tags.subject,
    tags.tag,
    tags.layer,
    tags.label_en,
    tags.label_zh,
    tags.definition,
    tags.owner,
    tags.refresh,
    refreshes.most_days_old,
    tags.action,
    tags.metric,
    tags.lowest_expected_share,
    tags.highest_expected_share,
    tags.valid_from as starts_on,
    tags.valid_to as ends_on
from {{ ref('tags') }} as tags
left join {{ ref('tag_refreshes') }} as refreshes on tags.refresh = refreshes.refresh
