{# Connected components by min-label propagation, a fixed number of rounds.
   `labels` gives (record_key, anchor_rank), `links` gives (record_key, link_key): records that share a link key
   belong together. Each round takes the smallest rank over each link key, then over each record's link keys.
   A chain of n records needs at most n rounds; the test `identity_has_converged` says when they were too few.
   The last round is `<prefix>labels_<rounds>`. #}
{% macro min_label_rounds(labels, links, rounds, prefix='') -%}
    {%- for round in range(1, rounds + 1) %}
    {%- set before = labels if loop.first else prefix ~ 'labels_' ~ (round - 1) %}
    {{ prefix }}link_labels_{{ round }} as (
        select
            links.link_key,
            min(labels.anchor_rank) as anchor_rank
        from {{ links }} as links
        inner join {{ before }} as labels on links.record_key = labels.record_key
        group by links.link_key
    ),

    {{ prefix }}labels_{{ round }} as (
        select
            labels.record_key,
            least(labels.anchor_rank, coalesce(min(link_labels.anchor_rank), labels.anchor_rank)) as anchor_rank
        from {{ before }} as labels
        left join {{ links }} as links on labels.record_key = links.record_key
        left join {{ prefix }}link_labels_{{ round }} as link_labels on links.link_key = link_labels.link_key
        group by labels.record_key, labels.anchor_rank
    )
    {{- "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
