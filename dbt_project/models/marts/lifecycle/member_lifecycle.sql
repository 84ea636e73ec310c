{% call lifecycle_state() %}
select
    *,
    'all' as lifecycle_scope
from {{ ref('member_activity') }}
{% endcall %}
