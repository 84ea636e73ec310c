"""P-values of several questions asked at once.

Belongs here: the two corrections, both done by tea-tasting.
Does not: which questions belong together; an experiment's primary arms are one family, its segments another.
Late imports: tea-tasting brings ibis and pandas, and most builds compare no arms.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tea_tasting.experiment import ExperimentResult
    from tea_tasting.multiplicity import MultipleComparisonsResults

Question = TypeVar("Question", bound=Hashable)


def holm(p_values: Mapping[Question, float]) -> dict[Question, float]:
    """Adjusted so that any false rejection at all has at most the level's chance [Holm 1979].

    For the primary metric of several arms: each of them may be rolled out. Nothing is assumed about how the
    p-values hang together; arms share a control.
    """
    if not p_values:
        return {}
    # Here, for start-up, as in arm_statistics.
    from tea_tasting.multiplicity import adjust_fwer

    return _adjusted(adjust_fwer(_asked(p_values), arbitrary_dependence=True, method="bonferroni"))


def benjamini_hochberg(p_values: Mapping[Question, float]) -> dict[Question, float]:
    """Adjusted so that the level is the expected share of false ones among those rejected.

    For segments [Benjamini, Hochberg 1995]: they are leads, and the next experiment tests them.
    """
    if not p_values:
        return {}
    from tea_tasting.multiplicity import adjust_fdr

    return _adjusted(adjust_fdr(_asked(p_values), arbitrary_dependence=False))


def _asked(p_values: Mapping[Question, float]) -> dict[Question, ExperimentResult]:
    from tea_tasting.experiment import ExperimentResult

    return {question: ExperimentResult({"p": {"pvalue": value}}) for question, value in p_values.items()}


def _adjusted(results: MultipleComparisonsResults) -> dict:
    return {question: float(result["p"]["pvalue_adj"]) for question, result in results.items()}
