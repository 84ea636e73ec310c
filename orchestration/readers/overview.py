"""What a manager asks first of the published version, in 25 lines: members, this week's campaigns, findings.

Belongs here: the questions, which answers come first, their words.
Does not: operating (readers.status), each campaign and experiment (the commands named at the end).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from shlex import quote
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.core.summary import block, counted, in_a_row
from orchestration.project import DEFAULT_HOME, Home
from orchestration.readers.audience_tables import entered_text, outcomes, said
from orchestration.readers.audiences import published_weeks, read_audiences
from orchestration.readers.experiments import NoExperiments, read_experiments
from orchestration.readers.states import STATES
from orchestration.readers.status import without_probabilities
from orchestration.warehouse.versions import connect_published, current_version, read_manifest

SHOWN_REASONS = 3
NEXT = ("status", "audiences show", "experiments results")
STAGES, TIERS, _ = STATES
WARNED = """
    select levels.label_en || ' ' || levels.label_zh, count(*)
    from serving.srv_churn_warnings as warnings
    inner join seeds.churn_levels as levels using (churn_level)
    where warnings.as_of_date = $day group by all order by any_value(levels.level_order) desc
"""
# A verdict that only waits for more members is no finding.
WAITING = ("continue", "too_small", "not_matured", "inconclusive")


def overview_text(home: Home) -> str:
    """The published version for somebody who decides, and where to look next."""
    current = current_version(home)
    if current is None:
        raise RekindleError(f"Nothing is published in {home.root} yet. Type: rekindle run")
    manifest = read_manifest(home, current)
    members = manifest.details.get("members", {})
    sections = [
        f"Published {manifest.build_id}: as of {manifest.as_of_date}, "
        f"with {counted(len(manifest.as_of_dates) - 1, 'earlier as-of date')}",
        *([STAGES.as_text(members[STAGES.title])] if STAGES.title in members else []),
        "\n".join([*_silent(members), *_at_risk(home, manifest.as_of_date)]),
        *without_probabilities(manifest.rows),
        *_this_week(home),
        *_found(home),
        _next(home),
    ]
    return "\n\n".join(section for section in sections if section)


def _silent(members: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if TIERS.title in members:
        tiers = [label for label in TIERS.labels if label.code != "none"]
        yield "By silence tier 沉默, the churned too: " + in_a_row(
            f"{members[TIERS.title].get(label.code, 0):,} {said(label)}" for label in tiers
        )


def _at_risk(home: Home, day: Any) -> Iterator[str]:
    with closing(connect_published(home)) as connection:
        try:
            levels = connection.execute(WARNED, {"day": day}).fetchall()
        except duckdb.CatalogException:
            return  # Published without warnings.
    told = in_a_row(f"{members:,} {level}" for level, members in levels) or "nobody"
    yield f"At risk, warned 预警: {told}"


def _this_week(home: Home) -> Iterator[str]:
    if not published_weeks(home):
        return
    read = read_audiences(home)
    members: Counter[str] = Counter()
    for row in read.rows["waterfall"]:
        members[row["outcome"]] += row["members"]
    reasons = sorted(
        (label for label in outcomes()[1:-1] if members[label.code]), key=lambda label: -members[label.code]
    )
    parts = [f"{members[label.code]:,} {said(label)}" for label in reasons[:SHOWN_REASONS]]
    others = sum(members[label.code] for label in reasons[SHOWN_REASONS:])
    if others:
        parts.append(f"{others:,} for other reasons")
    campaigns = len({row["campaign"] for row in read.rows["waterfall"]})
    yield block(
        f"Campaign week {read.campaign_week}: {entered_text(members)}, in {counted(campaigns, 'campaign')}; "
        "the others:",
        parts,
        indent="",
    )


def _found(home: Home) -> Iterator[str]:
    """How many arms have which verdict, and the first one that is a finding."""
    try:
        columns, rows = read_experiments(home, "results")
    except NoExperiments:
        return
    read = [dict(zip(columns, row, strict=True)) for row in rows]
    newest = {(row["experiment"], row["arm"]): row for row in sorted(read, key=lambda row: row["look"])}
    verdicts = Counter(row["verdict"].replace("_", " ") for row in newest.values())
    told = in_a_row(f"{arms:,} {verdict}" for verdict, arms in verdicts.most_common())
    findings = [row for row in newest.values() if row["verdict"] not in WAITING]
    yield block(
        f"Experiments 实验, arms by verdict: {told or 'none read yet'}",
        [f"{row['experiment']}, {row['arm']}: {row['sentence_en']}" for row in findings[:1]],
        indent="",
    )


def _next(home: Home) -> str:
    here = "" if home.root == DEFAULT_HOME else f"--home {quote(str(home.root))} "
    first, *more = [f"rekindle {here}{command}" for command in NEXT]
    return f"Readers open: {home.published_file}\n" + in_a_row([f"Next: {first}", *more])
