"""The backtest's tables and picture say what the published marts say, the same every time."""

from __future__ import annotations

import shutil
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from xml.etree import ElementTree

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.project import Home
from orchestration.report.churn_figures import ChurnFigures, NothingToReport, read_figures
from orchestration.report.churn_page import churn_page
from orchestration.report.churn_picture import reliability_svg

BASE = {"label_en": "Base probability", "label_zh": "基础概率"}
FIGURES = ChurnFigures(
    as_of_date=date(2025, 12, 28),
    comparison=[
        {
            "population_en": "Everybody", "population_zh": "全部", "horizon_days": 28, "as_of_dates": 3,
            "first_as_of_date": date(2025, 11, 2), "last_as_of_date": date(2025, 11, 16),
            "members_mean": Decimal("1234.5"), "observed_share": Decimal("0.25"), **row,
        }
        for row in (
            {"label_en": "RFM total score", "label_zh": "RFM总分", "auc": Decimal("0.81234"),
             "log_loss": None, "brier_score": None, "ece": None,
             "top_precision_share": Decimal("0.7"), "warned_share": None,
             "warning_precision_share": None, "warning_recall_share": None},
            {**BASE, "auc": Decimal("0.9"), "log_loss": Decimal("0.5"), "brier_score": Decimal("0.1"),
             "ece": Decimal("0.02"), "top_precision_share": Decimal("0.75"), "warned_share": Decimal("0.3"),
             "warning_precision_share": Decimal("0.6"), "warning_recall_share": Decimal("0.72")},
        )
    ],
    reliability=[
        {**BASE, "horizon_days": 28, "method": "base", "calibration_bin": number, "members": 10 * number,
         "expected": at, "observed": at, "lowest": at - 0.05, "highest": at + 0.05}
        for number, at in enumerate((0.1, 0.5, 0.9), 1)
    ],
    lead=[{"horizon_days": 28, "fallen": 10, "warned": 8, "lead_days": Decimal("12.25")}],
)  # fmt: skip
PAGE = """\
**Everybody 全部, no purchase in the next 28 days 未来28天未购**

3 as-of dates from 2025-11-02 to 2025-11-16, 1,234 members on average, of whom 25.0% bought nothing.

| method | 方法 | AUC | log loss | Brier | ECE | precision at the top | warned | precision of warnings | recall of warnings |
| --- | --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: |
| RFM total score | RFM总分 | 0.812 | - | - | - | 70.0% | - | - | - |
| Base probability | 基础概率 | 0.900 | 0.500 | 0.100 | 0.020 | 75.0% | 30.0% | 60.0% | 72.0% |

**How early members were warned 预警提前天数**

| days ahead 天数 | fell silent and stayed away | warned before | share | mean lead days |
| --- | ---: | ---: | ---: | --- |
| 28 | 10 | 8 | 80.0% | 12.2 |
"""  # noqa: E501


def test_the_page_lays_the_figures_out():
    assert churn_page(FIGURES) == PAGE


def test_the_picture_is_the_same_every_time_and_fetches_nothing():
    picture = reliability_svg(FIGURES, "Sample chain")
    assert picture == reliability_svg(FIGURES, "Sample chain")
    root = ElementTree.fromstring(picture)
    words = "".join(root.itertext())
    assert "Sample chain" in words
    assert "Base probability 基础概率" in words
    assert "href" not in picture
    assert root.tag.endswith("svg")


def test_figures_are_those_of_the_marts(chain):
    figures = read_figures(chain.build.file)
    with chain.open() as connection:
        rows = connection.execute(
            "select count(*), count(distinct method) from marts.fct_churn_comparison"
        ).fetchone()
        members, bought_nothing = connection.execute(
            "select sum(members), sum(non_buyers) from marts.fct_churn_calibration where population = 'all' "
            "and method = 'base' and horizon_days = 28 and as_of_date >= (select min(first_as_of_date) "
            "from marts.fct_churn_comparison where population = 'all' and horizon_days = 28)"
        ).fetchone()
    assert (len(figures.comparison), len({row["label_en"] for row in figures.comparison})) == rows
    of_base = [row for row in figures.reliability if row["method"] == "base" and row["horizon_days"] == 28]
    assert sum(row["members"] for row in of_base) == members
    assert sum(float(row["observed"]) * int(row["members"]) for row in of_base) == pytest.approx(
        bought_nothing
    )


def published_copy(chain, home):
    home.serving.mkdir(parents=True)
    shutil.copyfile(chain.build.file, home.published_file)


def test_the_command_writes_tables_and_picture(chain, tmp_path):
    home, out = Home(tmp_path / "home"), tmp_path / "out"
    published_copy(chain, home)
    said = CliRunner().invoke(app, ["--home", str(home.root), "report", "churn", "--out", str(out)])
    assert said.exit_code == 0, said.output
    figures = read_figures(home.published_file)
    assert (out / "churn_backtest.md").read_text(encoding="utf-8") == churn_page(figures)
    assert (out / "churn_reliability.svg").read_text(encoding="utf-8").startswith("<svg")


def test_without_a_publication_or_a_fit_the_command_says_what_to_do(tmp_path):
    home = Home(tmp_path / "home")
    said = CliRunner().invoke(app, ["--home", str(home.root), "report", "churn"])
    assert said.exit_code == 1
    assert "rekindle run" in said.output

    home.serving.mkdir(parents=True)
    duckdb.connect(str(home.published_file)).close()
    said = CliRunner().invoke(app, ["--home", str(home.root), "report", "churn"])
    assert said.exit_code == 1
    assert "--weeks" in said.output
    with pytest.raises(NothingToReport):
        read_figures(home.published_file)


def test_the_asset_shows_both(chain, tmp_path):
    from orchestration.assets.reporting import churn_report
    from orchestration.progress import RELAY
    from orchestration.resources import BuildLock

    home = Home(tmp_path / "home")
    published_copy(chain, home)
    context = SimpleNamespace(partition_keys=["2025-12-28"])
    shown = churn_report.op.compute_fn.decorated_fn(context, home, BuildLock(home=home), RELAY).metadata
    assert "AUC" in shown["backtest"].value
    assert "data:image/svg+xml" in shown["reliability"].value
