-- Who ever shared something with somebody, on each day on which anything about them changed: what the ledger looks at.
-- Records without company, or all of whose company came on one day and stayed as it was, need no looking.
with deliveries as (
    select * from {{ ref('stg_chain__member_deliveries') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

members as (
    select * from {{ ref('int_identity__members') }}
),

rules as (
    select * from {{ ref('identifiers') }}
),

blocked as (
    select * from {{ ref('stg_rekindle__blocked_identifiers') }}
),

decisions as (
    select * from {{ ref('stg_rekindle__identity_decisions') }}
),

{%- set types = ['union_id', 'card', 'phone', 'email'] %}

-- What a record was known under, from the delivery that changed it until the one that changed it again.
known as (
    select
        records.record_key,
        records.anchor_rank,
        records.is_guest,
        deliveries.reported_on,
        lead(deliveries.reported_on, 1, {{ end_of_time() }})
            over (partition by records.record_key order by deliveries.reported_on) as replaced_on,
        {%- for type in types %}
        deliveries.{{ type }}_pseudonym,
        {%- endfor %}
        deliveries.name_pseudonym
    from deliveries
    inner join records
        on deliveries.source = records.source
        and deliveries.system = records.system
        and deliveries.member_id = records.member_id
    where deliveries.is_change
),

holders as (
    select
        *,
        count(*) over (partition by identifier_type, identifier) as holders,
        row_number() over (partition by identifier_type, identifier order by first_on, record_key) as holder_number
    from (
        {%- for type in types %}
        select
            '{{ type }}' as identifier_type,
            {{ type }}_pseudonym as identifier,
            record_key,
            min(reported_on) as first_on
        from known
        where {{ type }}_pseudonym is not null
        group by {{ type }}_pseudonym, record_key
        {{- "
        union all" if not loop.last }}
        {%- endfor %}
    ) as held
),

-- One holder more than may link shows when a value stopped linking; those after it change nothing.
companies as (
    select
        holders.record_key,
        holders.identifier_type || ':' || holders.identifier as link_key
    from holders
    inner join rules on holders.identifier_type = rules.identifier_type
    left join blocked
        on holders.identifier_type = blocked.identifier_type
        and holders.identifier = blocked.pseudonym
    where
        holders.holders > 1
        and holders.holder_number <= rules.maximum_records + 1
        and blocked.pseudonym is null
    {%- for end in ['record_key', 'other_record_key'] %}
    union all
    select
        {{ end }} as record_key,
        decision_id as link_key
    from decisions
    {%- endfor %}
),

met as (
    select
        members.record_key,
        anchors.anchor_rank
    from members
    inner join records as anchors on members.member_key = anchors.record_key
    where members.record_key in (select companies.record_key from companies)
),

companies_and_members as (
    select
        record_key,
        link_key
    from companies
    union all
    select
        record_key,
        cast(anchor_rank as {{ dbt.type_string() }}) as link_key
    from met
),

{{ min_label_rounds('met', 'companies_and_members', var('identity_rounds')) }},

kin as (
    select
        record_key,
        anchor_rank as kin
    from labels_{{ var('identity_rounds') }}
),

moments as (
    select
        kin,
        known_on,
        max(known_on) over (partition by kin) as newest_on,
        count(*) over (partition by kin) as changed_days
    from (
        select
            kin.kin,
            known.reported_on as known_on
        from known
        inner join kin on known.record_key = kin.record_key
        {%- for day in ['decided_on', 'ended_on'] %}
        union
        select
            kin.kin,
            decisions.{{ day }} as known_on
        from decisions
        inner join kin on decisions.record_key = kin.record_key
        where decisions.{{ day }} is not null
        {%- endfor %}
    ) as changes
)

select
    kin.record_key,
    moments.known_on,
    moments.known_on = moments.newest_on as is_present,
    kin.kin,
    known.anchor_rank,
    known.is_guest,
    {%- for type in types %}
    known.{{ type }}_pseudonym,
    {%- endfor %}
    known.name_pseudonym
from moments
inner join kin on moments.kin = kin.kin
inner join known
    on kin.record_key = known.record_key
    and moments.known_on >= known.reported_on
    and moments.known_on < known.replaced_on
where moments.changed_days > 1
