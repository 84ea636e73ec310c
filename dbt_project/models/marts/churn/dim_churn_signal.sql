-- A signal is silent when none of the tables that feed it was ever delivered with a row: it cannot fire then, which
-- must not be taken for all being well.
with signals as (
    select * from {{ ref('churn_signals') }}
),

signal_sources as (
    select * from {{ ref('churn_signal_sources') }}
),

loads as (
    select * from {{ ref('stg_rekindle__loads') }}
),

fed as (
    select distinct signal_sources.signal
    from signal_sources
    inner join loads
        on signal_sources.source = loads.contract
        and signal_sources.table_name = loads.table_name
    where loads.rows_loaded > 0
)

select
    signals.signal,
    signals.signal_order,
    signals.family,
    signals.measure,
    signals.label_en,
    signals.label_zh,
    signals.sentence_en,
    signals.sentence_zh,
    signals.is_active,
    fed.signal is null as is_silent
from signals
left join fed on signals.signal = fed.signal
