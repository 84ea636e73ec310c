with steps as (
    select * from {{ ref('aud_step_queue') }}
),

contacts as (
    select
        *,
        cast(null as {{ dbt.type_string() }}) as cap_class
    from {{ ref('aud_contacts') }}
)

{{- steps_under_caps('steps', 'contacts') }}
