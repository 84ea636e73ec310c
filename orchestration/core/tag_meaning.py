"""What rules of tags mean: the attribute values that meet them, so that two rules can be compared.

Belongs here: turning clauses without fault into sets of values, and asking whether such sets are the same.
Does not: finding faults in a row (core.tag_definitions), evaluating members (dbt's fct_member_tag does).

A rule only ever compares an attribute with constants that some rule names. Between two neighbouring constants
all values behave alike, so one value of each stretch stands for all of them: the sets are small and exact.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

Value = Decimal | str | None
"""A value of an attribute: a number, a text (booleans are ``true`` and ``false``) or nothing."""
Box = Mapping[str, frozenset[Value]]
"""A group of clauses: the values that attributes may have; one that is not named may have any."""

ANY_OTHER_TEXT = "\0any other text"
COMPARE: dict[str, Callable] = {
    "=": operator.eq,
    "in": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Clause:
    """A clause of a rule, its value read.

    Attributes:
        attribute: What is looked at.
        operator: How; ``filled`` and ``empty`` look at no value.
        operand: What it is compared with.
    """

    attribute: str
    operator: str
    operand: Value = None

    def is_met_by(self, value: Value) -> bool:
        """Whether a value meets the clause; a missing one meets nothing but ``empty``."""
        if self.operator in {"filled", "empty"}:
            return (value is None) == (self.operator == "empty")
        return value is not None and COMPARE[self.operator](value, self.operand)


def stretches(
    data_type: str, constants: Iterable[Value], lowest: Decimal | None, highest: Decimal | None
) -> frozenset[Value]:
    """One value for each stretch of a numeric attribute, and nothing.

    Args:
        data_type: integer or decimal; between 3 and 4 there is a decimal and no integer.
        constants: Numbers that rules compare it with.
        lowest: Smallest value there can be.
        highest: Largest value there can be.
    """
    edges = sorted({number for number in (*constants, lowest, highest) if isinstance(number, Decimal)})
    if not edges:
        return frozenset({None, Decimal(0)})
    step = Decimal(1)
    between = [
        (one + other) / 2 if data_type == "decimal" else one + step
        for one, other in pairwise(edges)
        if data_type == "decimal" or other - one > step
    ]
    values = [edges[0] - step, *edges, *between, edges[-1] + step]
    return frozenset(
        {None}
        | {
            value
            for value in values
            if (lowest is None or value >= lowest) and (highest is None or value <= highest)
        }
    )


@dataclass(frozen=True)
class Meanings:
    """The values that every attribute can have, as far as the rules tell them apart.

    Attributes:
        values: By attribute.
    """

    values: Mapping[str, frozenset[Value]]

    def box(self, clauses: Sequence[Clause]) -> Box:
        """What a group of clauses lets through; the ``in`` clauses of one attribute are one clause."""
        box: dict[str, frozenset[Value]] = {}
        for attribute in {clause.attribute: None for clause in clauses}:
            own = [clause for clause in clauses if clause.attribute == attribute]
            choices = [clause for clause in own if clause.operator == "in"]
            let_through = frozenset(
                value
                for value in self.values[attribute]
                if (not choices or any(clause.is_met_by(value) for clause in choices))
                and all(clause.is_met_by(value) for clause in own if clause.operator != "in")
            )
            if let_through != self.values[attribute]:
                box[attribute] = let_through
        return box

    def are_the_same(self, rule: Sequence[Box], other: Sequence[Box]) -> bool:
        """Whether two rules are met by the same members, whoever they are."""
        return self._is_within(rule, other) and self._is_within(other, rule)

    def meet(self, rule: Sequence[Box], other: Sequence[Box]) -> bool:
        """Whether anybody can meet both rules."""
        return any(
            all(
                one.get(name, self.values[name]) & two.get(name, self.values[name]) for name in {**one, **two}
            )
            for one in rule
            for two in other
        )

    def met_by_both(self, rule: Sequence[Box], other: Sequence[Box]) -> list[Box]:
        """What meets both rules."""
        both = (
            {**one, **{name: one.get(name, values) & values for name, values in two.items()}}
            for one in rule
            for two in other
        )
        return [box for box in both if all(box.values())]

    def less(self, rule: Sequence[Box], taken: Sequence[Box]) -> list[Box]:
        """What meets a rule and not another."""
        left = [box for box in rule if all(box.values())]
        for box in taken:
            left = [part for piece in left for part in self._without(piece, box)]
        return left

    def _is_within(self, rule: Sequence[Box], other: Sequence[Box]) -> bool:
        return not any(self.less([box], other) for box in rule)

    def _without(self, box: Box, taken: Box) -> Iterator[Box]:
        """The parts of a box that lie outside another."""
        inside = dict(box)
        for attribute, values in taken.items():
            here = inside.get(attribute, self.values[attribute])
            if here - values:
                yield {**inside, attribute: here - values}
            inside[attribute] = here & values
            if not inside[attribute]:
                return
