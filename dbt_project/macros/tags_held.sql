{# CTEs for a query that has `holders`, `tag_paths`, `tags` and `conflicts`, up to `held`: who holds which tag by which path.
   `key` names a row of holders. One evaluator for members and products.
   A tag with one path that no other overrides is held as soon as the path is met. Of the others the smallest path number
   decides: the first path met, or 0 of a tag that goes before. #}
{% macro tags_held(key, shapes) -%}
{{ tag_bits(key, shapes) }},

lone_paths as (
    select * from paths
    where
        paths_of_tag = 1
        and tag not in (select over_tag from conflicts)
),

other_paths as (
    select
        tag,
        path_no,
        valid_from,
        valid_to,
        path_block,
        path_bit
    from paths
    where
        paths_of_tag > 1
        or tag in (select over_tag from conflicts)
    union all
    select
        conflicts.over_tag as tag,
        0 as path_no,
        paths.valid_from,
        paths.valid_to,
        paths.path_block,
        paths.path_bit
    from conflicts
    inner join paths on conflicts.tag = paths.tag
),

first_met as (
    select
        bits.{{ key | join(',\n        bits.') }},
        other_paths.tag,
        min(other_paths.path_no) as path_no
    from bits
    inner join other_paths on {{ path_is_met(shapes, 'other_paths') }}
    group by bits.{{ key | join(', bits.') }}, other_paths.tag
),

held as (
    select
        bits.{{ key | join(',\n        bits.') }},
        lone_paths.tag,
        lone_paths.path_no
    from bits
    inner join lone_paths on {{ path_is_met(shapes, 'lone_paths') }}
    union all
    select
        {{ key | join(',\n        ') }},
        tag,
        path_no
    from first_met
    where path_no > 0
)
{%- endmacro %}
