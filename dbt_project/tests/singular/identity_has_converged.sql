{{ config(meta={'dagster': {'ref': {'name': 'int_identity__members'}}}) }}

select links.link_key
from {{ ref('int_identity__links') }} as links
inner join {{ ref('int_identity__members') }} as member_records on links.record_key = member_records.record_key
where links.link_key is not null
group by links.link_key
having count(distinct member_records.member_key) > 1
