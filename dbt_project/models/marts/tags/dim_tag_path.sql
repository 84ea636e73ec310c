-- A path is one group of clauses with one value picked for each `in`: a member meets the tag on any path whose every
-- clause holds. A clause is a comparison and its operands, so the values of the rules stay values and never become SQL.
with rules as (
    select * from {{ ref('tag_rules') }}
),

catalogue as (
    select * from {{ ref('attributes') }}
),

comparisons as (
    select * from {{ ref('tag_operators') }}
),

{{ tag_paths() }}
