-- Both directions in one shape: what a tag of members is made of, and what uses it. A new kind of user is one more
-- branch.
with tags as (
    select * from {{ ref('tags') }}
    where subject = 'member'
),

rules as (
    select * from {{ ref('tag_rules') }}
),

catalogue as (
    select * from {{ ref('attributes') }}
    where subject = 'member'
),

strategies as (
    select * from {{ ref('tag_strategies') }}
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

campaign_targets as (
    select * from {{ ref('campaign_targets') }}
    where kind = 'tag'
),

made_of as (
    select
        rules.tag,
        rules.attribute as code,
        catalogue.source_model,
        catalogue.source_columns
    from rules
    inner join catalogue on rules.attribute = catalogue.attribute
),

links as (
    {%- for link, kind, relation, tag, code in [
        ('made_of', 'attribute', 'made_of', 'tag', 'code'),
        ('used_by', 'strategy', 'strategies', 'tag', 'strategy'),
        ('used_by', 'strategy', 'strategies', 'with_tag', 'strategy'),
        ('used_by', 'campaign', 'campaign_targets', 'value', 'campaign'),
        ('goes_before', 'tag', 'conflicts', 'tag', 'over_tag'),
    ] %}
    select
        {{ relation }}.{{ tag }} as tag,
        '{{ link }}' as link,
        '{{ kind }}' as kind,
        {{ relation }}.{{ code }} as code,
        {{ relation ~ '.source_model' if link == 'made_of' else 'null' }} as source_model,
        {{ relation ~ '.source_columns' if link == 'made_of' else 'null' }} as source_columns
    from {{ relation }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select distinct
    links.tag,
    links.link,
    links.kind,
    links.code,
    links.source_model,
    links.source_columns
from links
inner join tags on links.tag = tags.tag
