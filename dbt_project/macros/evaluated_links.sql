{# Which identifiers of records link them to others, and why the rest do not. `records` is a CTE with record_key,
   anchor_rank, name_pseudonym, is_guest and a pseudonym per identifier; the CTEs `rules` (seed identifiers) and
   `blocked` must be there. Values meet under the same text of `within` only, such as a day. The last CTE is `evaluated`. #}
{% macro evaluated_links(records, within="''") -%}
    {%- set rounds = var('identity_rounds') -%}
    identifiers as (
        {%- for identifier_type in ['union_id', 'card', 'phone', 'email'] %}
        select
            record_key,
            '{{ identifier_type }}' as identifier_type,
            {{ identifier_type }}_pseudonym as identifier,
            {{ within }} as met_within,
            name_pseudonym,
            is_guest
        from {{ records }}
        where {{ identifier_type }}_pseudonym is not null
        {{- "
        union all" if not loop.last }}
        {%- endfor %}
    ),

    holders as (
        select
            identifier_type,
            identifier,
            met_within,
            count(*) as records,
            count(case when is_guest then 1 end) as guests,
            count(distinct name_pseudonym) as names,
            min(name_pseudonym) as any_name
        from identifiers
        group by identifier_type, identifier, met_within
    ),

    checked as (
        select
            identifiers.record_key,
            identifiers.identifier_type,
            identifiers.identifier,
            rules.priority,
            rules.is_strongest,
            rules.maximum_per_member,
            case
                when blocked.pseudonym is not null then 'blocked value'
                when holders.records > rules.maximum_records then 'shared by too many'
                when
                    rules.needs_same_name
                    and identifiers.name_pseudonym is null
                    and holders.names <> 1
                    -- Guests are who they are by this value: without any name, they are the only member who holds it.
                    and (holders.names > 1 or holders.guests = 0 or holders.records > holders.guests + 1)
                    then 'name unknown'
            end as refused_because,
            -- A shared family phone links only the records under one name; a record without a name joins the only name.
            identifiers.identifier_type || ':' || identifiers.identifier || ':' || case
                when rules.needs_same_name then coalesce(identifiers.name_pseudonym, holders.any_name, '')
                else ''
            end || identifiers.met_within as link_key
        from identifiers
        inner join rules on identifiers.identifier_type = rules.identifier_type
        inner join holders
            on identifiers.identifier_type = holders.identifier_type
            and identifiers.identifier = holders.identifier
            and identifiers.met_within = holders.met_within
        left join blocked
            on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier = blocked.pseudonym
    ),

    links as (
        select
            record_key,
            link_key
        from checked
        where refused_because is null
    ),

    -- First pass, over every link that may be used.
    {{ min_label_rounds(records, 'links', rounds) }},

    components as (
        select
            labels.anchor_rank,
            checked.maximum_per_member,
            count(distinct checked.identifier) as identifiers
        from checked
        inner join labels_{{ rounds }} as labels on checked.record_key = labels.record_key
        where checked.refused_because is null
        group by labels.anchor_rank, checked.identifier_type, checked.maximum_per_member
    ),

    -- A person has one union id and few cards. Where a component holds more, something linked strangers: there only the
    -- strongest identifiers keep linking.
    crowded as (
        select distinct anchor_rank
        from components
        where identifiers > maximum_per_member
    ),

    evaluated as (
        select
            checked.record_key,
            checked.identifier_type,
            checked.identifier,
            checked.priority,
            coalesce(
                checked.refused_because,
                case
                    when crowded.anchor_rank is not null and not checked.is_strongest then 'too many identifiers in one member'
                end
            ) as refused_because,
            case
                when checked.refused_because is null and (crowded.anchor_rank is null or checked.is_strongest)
                    then checked.link_key
            end as link_key
        from checked
        inner join labels_{{ rounds }} as labels on checked.record_key = labels.record_key
        left join crowded on labels.anchor_rank = crowded.anchor_rank
    )
{%- endmacro %}
