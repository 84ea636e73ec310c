{# Who is one person: whom links and decisions join, and never two who are kept apart. Groups that would hold
   such two are split by `sides_apart`.
   CTEs: `records` (record_key, anchor_rank), `links` (record_key, link_key, priority), `decisions` (decision_id,
   is_merge, record_key, other_record_key). The last CTE is `persons`, each record with the anchor_rank of its oldest. #}
{% macro one_person(records, links, decisions) -%}
    {%- set rounds = var('identity_rounds') -%}
    {%- set cut_rounds = var('identity_cut_rounds') -%}
    -- What a person decided is stronger than any identifier.
    joined as (
        select
            record_key,
            link_key,
            priority
        from {{ links }}
        {%- for end in ['record_key', 'other_record_key'] %}
        union all
        select
            {{ end }} as record_key,
            decision_id as link_key,
            0 as priority
        from {{ decisions }}
        where is_merge
        {%- endfor %}
    ),

    {{ min_label_rounds(records, 'joined', rounds, 'person_') }},

    apart as (
        select
            record_key,
            other_record_key
        from {{ decisions }}
        where not is_merge
        union
        select
            other_record_key as record_key,
            record_key as other_record_key
        from {{ decisions }}
        where not is_merge
    ),

    disputed as (
        select distinct own.anchor_rank
        from apart
        inner join person_labels_{{ rounds }} as own on apart.record_key = own.record_key
        inner join person_labels_{{ rounds }} as others on apart.other_record_key = others.record_key
        where own.anchor_rank = others.anchor_rank
    ),

    contested as (
        select
            records.record_key,
            records.anchor_rank
        from {{ records }} as records
        inner join person_labels_{{ rounds }} as labels on records.record_key = labels.record_key
        inner join disputed on labels.anchor_rank = disputed.anchor_rank
    ),

    {{ sides_apart('contested', 'joined', 'apart', cut_rounds) }},

    persons as (
        select
            labels.record_key,
            coalesce(sides.side, labels.anchor_rank) as anchor_rank
        from person_labels_{{ rounds }} as labels
        left join sides_{{ cut_rounds }} as sides on labels.record_key = sides.record_key
    )
{%- endmacro %}
