"""The true effect of what was exported: the same members with and without the orders it caused."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.sources.sample.true_effects import CAUSED_ORDERS, true_effects

# Two contacted members, of whom one bought because of it, and two who were not; one of each is held out.
WAREHOUSE = """
create schema core; create schema experiments; create schema serving;
create table core.fct_order as select * from (values
    ('chain', 1, 11, date '2025-12-02', 40.0, 100.0, true),
    ('chain', 2, 13, date '2025-12-03', 10.0, 30.0, true)
) as orders(source, order_id, member_key, ordered_on, margin_amount, net_amount, is_purchase);
create table core.fct_refund as select 'chain' as source, 1 as order_id, 11 as member_key,
    date '2025-12-04' as refunded_on, 0.0 as refunded_margin_amount, 0.0 as refunded_amount where false;
create table core.fct_event as select 'chain' as source, 1 as event_id, 11 as member_key,
    date '2025-12-02' as happened_on, 'browse' as event_type where false;
create table experiments.exp_costs as
    select 11 as member_key, date '2025-12-02' as cost_on, 0.0 as borne_amount;
create table experiments.exp_windows as
    select purpose, experiment, 'margin' as metric, member_key, date '2025-12-01' as starts_on,
        date '2025-12-28' as ends_on
    from (values ('effect', 'a_test'), ('program', 'year')) as read(purpose, experiment),
        (values (11), (12), (13), (14)) as members(member_key);
create table experiments.exp_outcomes as
    select purpose, experiment, metric, member_key,
        case when purpose = 'effect' then if(member_key in (11, 12), 'treated', 'control')
            else if(member_key = 14, 'held_out', 'program') end as arm,
        if(member_key = 11, 40.0, if(member_key = 13, 10.0, 0.0)) as outcome_value,
        if(member_key = 11, 40.0, if(member_key = 13, 10.0, 0.0)) as outcome_total,
        if(member_key in (11, 12), 3.0, 0.0) as denominator_value
    from experiments.exp_windows;
create table experiments.exp_arm_sizes as select * from (values
    ('a_test', 'control', 'control'), ('a_test', 'treated', 'treatment')) as sizes(experiment, arm, arm_role);
create table serving.srv_experiments as select 'a_test' as experiment, 'treated' as arm, 'margin' as metric,
    2 as members, 2 as control_members, 12.0 as effect, -5.0 as effect_lower, 29.0 as effect_upper,
    'continue' as verdict, 'all' as segment, 0 as look_no, true as is_primary;
create table experiments.exp_program as select 'year' as holdout, 'margin' as metric, 3 as members,
    1 as control_members, 16.4 as effect, 13.0 as effect_lower, 27.2 as effect_upper, {is_final} as is_final;
"""


@pytest.mark.parametrize(("is_final", "said"), [(True, "final"), (False, "not_final")])
def test_an_experiment_and_the_whole_program_stand_beside_what_they_truly_did(tmp_path, is_final, said):
    published, truth = tmp_path / "published.duckdb", tmp_path / "truth"
    truth.mkdir()
    with duckdb.connect(str(published)) as connection:
        connection.execute(WAREHOUSE.format(is_final=is_final))
        caused = "select 1 as order_id, 't1' as planned_touch_id"
        connection.execute(f"copy ({caused}) to '{truth / CAUSED_ORDERS}' (format parquet)")

    columns, rows = true_effects(published, truth)

    test, program = (dict(zip(columns, row, strict=True)) for row in rows)
    # 40 that the message caused for one of two, less 3 that contacting either cost.
    assert (test["experiment"], float(test["true_effect"]), test["is_inside"]) == ("a_test", 17.0, True)
    assert (program["experiment"], program["arm"], program["verdict"]) == ("year", "program", said)
    assert float(program["true_effect"]) == pytest.approx((40 - 2 * 3) / 3)
    assert not program["is_inside"]
