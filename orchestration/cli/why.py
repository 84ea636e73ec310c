"""The commands `rekindle why` and `rekindle why-merged`: one member's states, and what made them one member.

Belongs here: reading options, wording, printing.
Does not: reading tables (readers.members, readers.identity), deciding anything (the states are rows already).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.core.summary import Label
    from orchestration.readers.members import MemberRows

Row = dict[str, Any]
OPERATORS = {
    "equal_number": "=", "other_number": "<>", "less": "<", "at_most": "<=", "more": ">", "at_least": ">=",
    "equal_text": "=", "other_text": "<>", "filled": "is filled", "empty": "is empty",
}  # fmt: skip
"""Comparisons of `dim_tag_path` as people write them."""


class Language(StrEnum):
    """Of labels and sentences."""

    english = "en"
    chinese = "zh"
    both = "both"


def why(
    member: Annotated[int, typer.Argument(help="A member_key, such as serving.srv_member_profile has.")],
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="A published as-of date; default: the newest."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Of labels and sentences.")] = Language.both,
) -> None:
    """Why a member is where the published version says: stage, value, warning, tags, journeys and more.

    Example: `rekindle why 4711` or `rekindle why 4711 --as-of 2025-12-21 --language zh`
    """
    from orchestration.readers.members import read_member

    rows = read_member(Home.from_environment(), member, as_of.date() if as_of else None)
    typer.echo("\n".join([f"Member {member} as of {rows.as_of_date}", *told(rows, language)]))


def why_merged(
    who: Annotated[
        list[str],
        typer.Argument(help="A member_key, or system and number of a record, the source before it."),
    ],
) -> None:
    """Why records are one member: since when, by which identifiers, what does not link, how to part them.

    Example: `rekindle why-merged pos 1001` or `rekindle why-merged 4711`
    """
    from orchestration.readers.identity import why_merged_text

    typer.echo(why_merged_text(Home.from_environment(), who))


def told(rows: MemberRows, language: Language) -> Iterator[str]:
    """The story line by line; a table that is not published, or has no row, tells nothing."""
    tellers = {
        "stage": _stage, "value tier": _value_tier, "rfm": _rfm, "named cell": _named_cell, "cause": _cause,
        "warning": _warning, "signals": _signal, "probability": _probability, "reasons": _reason,
        "history": _history,
    }  # fmt: skip
    for question, teller in tellers.items():
        for row in rows.answers.get(question, []):
            yield from teller(row, language)
    [measured] = rows.answers.get("attributes") or [{}]
    for row in rows.answers.get("tags", []):
        yield f"{_said(language, 'Tag', '标签')}: {_label(row, language)} ({row['tag']}); {row['action']}"
        for clause in _clauses(row, measured, rows.attribute_labels, language):
            yield f"    {clause}"
    yield from _journeys(rows.answers.get("journeys", []), language)
    for row in rows.answers.get("overridden", []):
        yield (
            f"{_said(language, 'Overridden', '让位')}: {_label(row, language)} < "
            f"{_said(language, row['stronger_en'], row['stronger_zh'])}"
        )
    if not rows.is_newest:
        yield (
            f"More is kept of the newest date alone. A version of {rows.as_of_date}, with everything: "
            f"rekindle run --as-of {rows.as_of_date}"
        )


def _said(language: Language, english: str | None, chinese: str | None) -> str:
    shown = {Language.english: [english], Language.chinese: [chinese], Language.both: [english, chinese]}
    return " ".join(dict.fromkeys(text for text in shown[language] if text))


def _said_code(language: Language, labels: Mapping[str, Label], code: str) -> str:
    """The label of a code; the code itself where its row has left the definitions since."""
    label = labels.get(code)
    return _said(language, label.english, label.chinese) if label else code


def _label(row: Row, language: Language) -> str:
    return _said(language, row["label_en"], row["label_zh"])


def _shown(value: Any) -> str:
    """A value without the zeros that a decimal's scale adds; a dash where there is none."""
    if value is None:
        return "-"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (
        text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").lstrip("-").isdigit() else text
    )


def _stage(row: Row, language: Language) -> Iterator[str]:
    yield (
        f"{_said(language, 'Stage', '阶段')}: {_label(row, language)}; "
        f"{_said(language, 'silence', '沉默')}: {_said(language, row['tier_en'], row['tier_zh'])}; "
        f"{_said(language, 'days silent', '沉默天数')} {_shown(row['days_silent'])}, "
        f"{_said(language, 'days since purchase', '距上次购买天数')} {_shown(row['days_since_purchase'])}"
    )


def _value_tier(row: Row, language: Language) -> Iterator[str]:
    name = _said(language, "Value tier", "价值层级")
    yield f"{name}: {row['value_tier']} ({_said(language, 'net amount', '净额')} {_shown(row['net_amount'])})"


def _rfm(row: Row, language: Language) -> Iterator[str]:
    scores = f"R {row['recency_score']}, F {row['frequency_score']}, M {row['monetary_score']}"
    yield f"{_said(language, 'RFM cell', 'RFM 单元')}: {row['rfm_cell']} ({scores})"


def _named_cell(row: Row, language: Language) -> Iterator[str]:
    play = _said(language, row["play_label_en"], row["play_label_zh"])
    yield f"{_said(language, 'Cell', '人群')}: {_label(row, language)}; {play}"


def _cause(row: Row, language: Language) -> Iterator[str]:
    evidence = _said(language, row["evidence_en"], row["evidence_zh"])
    yield (
        f"{_said(language, 'Cause of silence', '沉默原因')}: {_label(row, language)}; "
        f"{_said(language, 'score', '得分')} {_shown(row['score'])}, "
        f"{_said(language, 'confidence', '置信度')} {row['confidence_share']:.0%}; {evidence}"
    )


def _warning(row: Row, language: Language) -> Iterator[str]:
    sentence = _said(language, row["sentence_en"], row["sentence_zh"])
    action = _said(language, row["action_en"], row["action_zh"])
    yield f"{_said(language, 'Warning', '预警')}: {_label(row, language)}; {sentence}"
    yield (
        f"    {_said(language, 'Action', '动作')}: {action}; {row['owner_role']}, "
        f"{_said(language, 'due', '截止')} {row['due_on']}"
    )
    if row["is_held_out"]:
        yield f"    {_said(language, 'Held out to compare with: not to be answered', '对照组：不跟进')}"


def _signal(row: Row, language: Language) -> Iterator[str]:
    yield (
        f"{_said(language, 'Signal', '信号')}: {_label(row, language)}; "
        f"{_said(language, 'measured', '实测')} {_shown(row['measured_value'])}, "
        f"{_said(language, 'expected', '预期')} {_shown(row['expected_value'])}, "
        f"{_said(language, 'threshold', '阈值')} {_shown(row['threshold'])} ({row['evidence_on']})"
    )


def _probability(row: Row, language: Language) -> Iterator[str]:
    yield (
        f"{_said(language, 'Probability of no purchase', '不购买概率')}: "
        f"28 d {_percent(row['p_no_purchase_28d'])} ({row['scored_by_28d']}), "
        f"90 d {_percent(row['p_no_purchase_90d'])} ({row['scored_by_90d']}); "
        f"{_said(language, 'alive', '活跃')} {_percent(row['p_alive'])}; "
        f"{_said(language, 'fitted', '拟合')} {row['fitted_on']}"
    )


def _reason(row: Row, language: Language) -> Iterator[str]:
    yield (
        f"    {row['horizon_days']} d, {_label(row, language)}: "
        f"{_said(language, 'log-odds', '对数几率')} {row['contribution']:+.3f}"
    )


def _history(row: Row, language: Language) -> Iterator[str]:
    """The row that is kept of a past date; of what the member did not have, nothing."""
    likely = row["p_no_purchase_90d"]
    told = {
        ("Stage", "阶段"): _label(row, language),
        ("Silence", "沉默"): _said(language, row["tier_en"], row["tier_zh"]),
        ("Value tier", "价值层级"): row["value_tier"],
        ("RFM cell", "RFM 单元"): row["rfm_cell"],
        ("Growth level", "成长等级"): _said(language, row["growth_en"], row["growth_zh"]),
        ("Cause of silence", "沉默原因"): _said(language, row["cause_en"], row["cause_zh"]),
        ("Warning", "预警"): _said(language, row["level_en"], row["level_zh"]),
        ("Probability of no purchase", "不购买概率"): likely is not None and f"90 d {_percent(likely)}",
        ("Purchase days in 365 days", "365天购买天数"): _shown(row["purchase_days_365d"]),
        ("Net amount in 365 days", "365天净额"): _shown(row["net_amount_365d"]),
    }
    yield from (f"{_said(language, *name)}: {value}" for name, value in told.items() if value)


def _journeys(rows: list[Row], language: Language) -> Iterator[str]:
    """Each journey, newest first: where it stands, or when and why it ended and what follows."""
    if not rows:
        return
    from orchestration.readers.audience_tables import labels_of

    campaigns = labels_of("campaigns.csv", "campaign")
    states, exits = labels_of("journey_states.csv", "state"), labels_of("journey_exits.csv", "exit_reason")
    for row in rows:
        label = _said_code(language, campaigns, row["campaign"])
        state = _said_code(language, states, row["state"])
        yield (
            f"{_said(language, 'Journey', '旅程')}: {label} ({row['campaign']}, {row['arm']}), "
            f"{_said(language, 'entered', '进入')} {row['entry_week']}: {state}; "
            f"{_said(language, 'steps sent', '已发步骤')} {row['steps_sent']}"
            + (f" ({row['last_sent_on']})" if row["last_sent_on"] else "")
        )
        if row["exit_reason"]:
            yield (
                f"    {_said_code(language, exits, row['exit_reason'])} ({row['exited_on']}); "
                f"{_said(language, 'goes on to', '后续')}: {row['plan']}"
            )
        elif row["next_step_no"]:
            yield (
                f"    {_said(language, 'next step', '下一步')} {row['next_step_no']}, "
                f"{_said(language, 'due', '到期')} {row['next_due_on']}"
            )


def _percent(probability: Any) -> str:
    return "-" if probability is None else f"{probability:.1%}"


def _clauses(
    path: Row, measured: Row, labels: dict[str, tuple[str, str]], language: Language
) -> Iterator[str]:
    """The clauses of the path that the member met, each with what was measured."""
    for slot in range(1, path["clauses"] + 1):
        attribute = path[f"attribute_{slot}"]
        number, text = path[f"number_{slot}"], path[f"text_{slot}"]
        operand = _shown(number if number is not None else text)
        compared = f"{OPERATORS[path[f'comparison_{slot}']]} {operand}".removesuffix(" -")
        name = _said(language, *labels.get(attribute, (attribute, attribute)))
        yield (
            f"{name} ({attribute}) {compared}: {_said(language, 'measured', '实测')} "
            f"{_shown(measured.get(attribute))}"
        )
