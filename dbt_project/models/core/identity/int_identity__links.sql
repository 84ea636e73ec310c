{%- set labels = 'labels_' ~ var('identity_rounds') -%}
-- First pass, over every link that may be used. A person has one union id and few cards. Where a component holds more,
-- something linked strangers: there only the strongest identifiers keep linking.
with records as (
    select * from {{ ref('int_identity__records') }}
),

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
),

rules as (
    select * from {{ ref('identifiers') }}
),

strongest as (
    select min(priority) as priority from rules
),

links as (
    select
        record_key,
        link_key
    from identifiers
    where link_key is not null
),

{{ min_label_rounds('records', 'links', var('identity_rounds')) }},

held as (
    select
        labels.anchor_rank,
        identifiers.identifier_type,
        count(distinct identifiers.identifier) as identifiers_held
    from identifiers
    inner join {{ labels }} as labels on identifiers.record_key = labels.record_key
    where identifiers.link_key is not null
    group by labels.anchor_rank, identifiers.identifier_type
),

crowded as (
    select distinct held.anchor_rank
    from held
    inner join rules on held.identifier_type = rules.identifier_type
    where held.identifiers_held > rules.maximum_per_member
)

select
    identifiers.record_key,
    identifiers.identifier_type,
    identifiers.identifier,
    coalesce(
        identifiers.refused_because,
        case
            when crowded.anchor_rank is not null and identifiers.priority > strongest.priority
                then 'too many identifiers in one member'
        end
    ) as refused_because,
    case
        when crowded.anchor_rank is null or identifiers.priority = strongest.priority then identifiers.link_key
    end as link_key
from identifiers
cross join strongest
inner join {{ labels }} as labels on identifiers.record_key = labels.record_key
left join crowded on labels.anchor_rank = crowded.anchor_rank
