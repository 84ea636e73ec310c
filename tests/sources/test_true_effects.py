"""The true effect of what was exported: the same members with and without the orders it caused."""

from __future__ import annotations

import hashlib

import duckdb
import pytest
import yaml

from orchestration.project import DBT_PROJECT_DIR
from orchestration.sources.sample.true_effects import CAUSED_ORDERS, true_effects
from tests.built import chain  # noqa: F401

TABLES = (
    "core.fct_order", "core.fct_refund", "core.fct_event", "experiments.exp_costs", "experiments.exp_windows",
    "experiments.exp_outcomes", "experiments.exp_arm_sizes", "experiments.exp_program",
    "serving.srv_experiments",
)  # fmt: skip
ORDER = 1001
LOOK = int(hashlib.md5(f"chain:pos:{ORDER * 8 + 3}".encode(), usedforsecurity=False).hexdigest()[:15], 16)
# Two contacted members, of whom one looked around and bought because of it, and two who were not; one of each
# is held out. Read as margin, and as whether somebody came back.
ROWS = """
insert into core.fct_order by name select * from (values
    ('chain', 1, '1001', 'pos', 11, date '2025-12-02', 40.0, 100.0, true),
    ('chain', 2, '1002', 'pos', 13, date '2025-12-03', 10.0, 30.0, true)
) as orders(
    source, order_key, order_id, system, member_key, ordered_on, margin_amount, net_amount, is_purchase
);
insert into core.fct_event by name select 'chain' as source, {look} as event_key, 11 as member_key,
    date '2025-12-02' as happened_on, 'browse' as event_type;
insert into experiments.exp_windows by name
    select purpose, experiment, metric, member_key, date '2025-12-01' as starts_on,
        date '2025-12-28' as ends_on
    from (values
            ('effect', 'a_test', 'margin'), ('effect', 'b_test', 'returned'), ('program', 'year', 'margin')
        ) as read(purpose, experiment, metric),
        (values (11), (12), (13), (14)) as members(member_key);
insert into experiments.exp_outcomes by name
    select purpose, experiment, metric, member_key,
        case when purpose = 'effect' then if(member_key in (11, 12), 'treated', 'control')
            else if(member_key = 14, 'held_out', 'program') end as arm,
        case when metric = 'returned' then if(member_key in (11, 13), 1.0, 0.0)
            else if(member_key = 11, 40.0, if(member_key = 13, 10.0, 0.0)) end as outcome_value,
        case when metric = 'returned' then if(member_key = 11, 2.0, if(member_key = 13, 1.0, 0.0))
            else outcome_value end as outcome_total,
        if(member_key in (11, 12), 3.0, 0.0) as denominator_value
    from experiments.exp_windows;
insert into experiments.exp_arm_sizes by name
    select * from (values ('a_test'), ('b_test')) as tests(experiment),
        (values ('control', 'control'), ('treated', 'treatment')) as arms(arm, arm_role);
insert into serving.srv_experiments by name
    select experiment, 'treated' as arm, metric, 2 as members, 2 as control_members, 12.0 as effect,
        -5.0 as effect_lower, 29.0 as effect_upper, 'continue' as verdict, 'all' as segment, 0 as look_no,
        true as is_primary
    from (values ('a_test', 'margin'), ('b_test', 'returned')) as tests(experiment, metric);
insert into experiments.exp_program by name select 'year' as holdout, 'margin' as metric, 3 as members,
    1 as control_members, 16.4 as effect, 13.0 as effect_lower, 27.2 as effect_upper, {is_final} as is_final;
"""


def declared(table):
    """A statement that makes a table, empty, with the columns its model declares."""
    room, name = table.split(".")
    [file] = (DBT_PROJECT_DIR / "models" / room).rglob(f"{name}.yml")
    [model] = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
    return f"create schema if not exists {room}; create table {table} ({columns})"


@pytest.mark.parametrize(("is_final", "said"), [(True, "final"), (False, "not_final")])
def test_an_experiment_and_the_whole_program_stand_beside_what_they_truly_did(tmp_path, is_final, said):
    published, truth = tmp_path / "published.duckdb", tmp_path / "truth"
    truth.mkdir()
    with duckdb.connect(str(published)) as connection:
        connection.execute("; ".join(map(declared, TABLES)))
        connection.execute(ROWS.format(look=LOOK, is_final=is_final))
        caused = f"select {ORDER} as order_id, 't1' as planned_touch_id"
        connection.execute(f"copy ({caused}) to '{truth / CAUSED_ORDERS}' (format parquet)")

    columns, rows = true_effects(published, truth)

    margin, returned, program = (dict(zip(columns, row, strict=True)) for row in rows)
    # 40 that the message caused for one of two, less 3 that contacting either cost.
    assert (margin["experiment"], float(margin["true_effect"]), margin["is_inside"]) == ("a_test", 17.0, True)
    # Neither bought nor looked around without it: one of two came back because of the message.
    assert (returned["experiment"], float(returned["true_effect"])) == ("b_test", 0.5)
    assert (program["experiment"], program["arm"], program["verdict"]) == ("year", "program", said)
    assert float(program["true_effect"]) == pytest.approx((40 - 2 * 3) / 3)
    assert not program["is_inside"]


def test_a_chain_that_was_built_can_be_asked_what_is_true(chain):  # noqa: F811
    columns, _ = true_effects(chain.build.file, chain.truth)
    assert {"true_effect", "is_inside", "verdict"} <= set(columns)
