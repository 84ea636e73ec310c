"""A slow second opinion on lifecycle, silence, cycle and value, in plain Python from the rules of the domain.

Belongs here: the rules, one member and one day at a time, with loops instead of running totals and windows.
Does not: the models' SQL, in any disguise. Who is one person is taken as given (identity has its own tests).

Where the rules leave a choice, the choices are these: a member who buys within the first days is new even
when the purchase ended a silence; after that a returned member is stable when frequent or valuable and else
growing; a return counts when the silence ended since the purchase before, by whatever sign of life. Looked at
in one category group alone, a member is as silent as in that group, but touches belong to the whole member.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.project import SEEDS_DIR, Home

GENERAL = "general"
CENT = Decimal("0.01")


def business_day(moment: datetime | None) -> date | None:
    """The day of a loaded time, which is the wall clock of its source."""
    return None if moment is None else moment.date()


def hashed(system: str, number: str) -> int:
    """The key of what a system of the chain gave a number; only the order of equal days hangs on it."""
    return int(hashlib.md5(f"chain:{system}:{number}".encode()).hexdigest()[:15], 16)


def seed(path: str) -> list[dict[str, str]]:
    """The rows of one file of the control panel."""
    with (SEEDS_DIR / path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def setting_values(file: str) -> dict[str, str]:
    """The values of a file of settings, as text."""
    return {row["setting"]: row["value"] for row in seed(file)}


@dataclass
class Touch:
    """One touch that was sent."""

    touch_key: int
    sent_on: date
    answered_on: date | None = None


@dataclass
class Member:
    """Everything one member did or received, by day."""

    known_on: date = date.max
    purchases: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    refunds: list[tuple[date, Decimal]] = field(default_factory=list)
    spend: dict[str, dict[date, Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Decimal))
    )
    interactions: set[date] = field(default_factory=set)
    visits: list[date] = field(default_factory=list)
    intents: list[date] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    looks: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))
    # Set where this is only what a member did in one category group.
    group: str | None = None
    whole: Member | None = None

    def settle(self) -> None:
        """Sort what was gathered; call once before asking anything."""
        self.purchase_days = sorted(self.purchases)
        self.active_days = sorted({*self.purchases, *self.interactions})
        self.touches.sort(key=lambda touch: (touch.sent_on, touch.touch_key))
        self.sent_days = [touch.sent_on for touch in self.touches]
        self.returns: dict[str, list[tuple[date, str, str]]] = {}

    def only(self, group: str) -> Member:
        """The same member, seen in one category group alone."""
        part = Member(
            purchases=self.spend.get(group, {}),
            interactions=self.looks.get(group, set()),
            visits=self.visits,
            intents=self.intents,
            touches=self.touches,
            group=group,
            whole=self,
        )
        part.settle()
        part.known_on = part.active_days[0]
        return part


class Oracle:
    """Answers for every member and day, from the loaded files of a home."""

    def __init__(self, home: Home, member_keys: dict[tuple[str, str], int]) -> None:
        """Gather the facts.

        Args:
            home: Whose loaded files to read; each table delivered once.
            member_keys: The member of each (system, member number).
        """
        self.keys = member_keys
        self.thresholds = {row["category_group"]: row for row in seed("lifecycle/stage_thresholds.csv")}
        order = {
            row["silence_tier"]: int(row["tier_order"]) for row in seed("lifecycle/silence_tier_labels.csv")
        }
        self.tier_order = order
        self.tiers: dict[str, list[tuple[int, int, bool, str, float]]] = defaultdict(list)
        for row in seed("lifecycle/silence_tiers.csv"):
            self.tiers[row["category_group"]].append(
                (
                    int(row["more_than_days"]),
                    int(row["needs_unanswered_touches"]),
                    row["needs_repurchase"] == "true",
                    row["silence_tier"],
                    float(row["hard_limit_days"] or math.inf),
                )
            )
        for tiers in self.tiers.values():
            tiers.sort(key=lambda tier: -order[tier[3]])
        self.members: dict[int, Member] = defaultdict(Member)
        self._gather(home)
        for member in self.members.values():
            member.settle()
        self.in_groups = {
            (key, group): member.only(group)
            for key, member in self.members.items()
            for group in {*member.spend, *member.looks}
        }

    # --- facts ---------------------------------------------------------------------------------------------

    def _gather(self, home: Home) -> None:
        groups = {row["category"]: row["category_group"] for row in seed("lifecycle/categories.csv")}
        group_of = {
            row["product_id"]: groups.get(row["category"], GENERAL) for row in loaded_rows(home, "products")
        }
        for row in loaded_rows(home, "members"):
            self._seen(row, row["registered_at"])
        buyer: dict[str, tuple[Member, date]] = {}
        orders: dict[str, tuple[Member, date, Decimal]] = {}
        for row in loaded_rows(home, "orders"):
            if (row["system"], row["member_id"]) not in self.keys:
                continue  # anonymous
            member = self.members[self.keys[row["system"], row["member_id"]]]
            if row["status"] == "completed":
                orders[row["order_id"]] = (member, business_day(row["ordered_at"]), row["net_amount"])
            if row["status"] == "completed" and row["net_amount"] > 0:
                day = business_day(row["ordered_at"])
                self._seen(row, row["ordered_at"])
                member.purchases[day] += row["net_amount"]
                buyer[row["order_id"]] = (member, day)
        with_lines = set()
        for row in loaded_rows(home, "order_items"):
            if row["order_id"] in buyer:
                member, day = buyer[row["order_id"]]
                with_lines.add((id(member), day))
                member.spend[group_of.get(row["product_id"], GENERAL)][day] += row["net_amount"]
        for member in self.members.values():
            for day, amount in member.purchases.items():
                if (id(member), day) not in with_lines:
                    member.spend[GENERAL][day] += amount
        for row in sorted(
            loaded_rows(home, "refunds"),
            key=lambda row: (business_day(row["refunded_at"]), hashed("", row["refund_id"])),
        ):
            member, ordered_on, paid = orders.get(row["order_id"], (None, date.max, Decimal(0)))
            day, amount = business_day(row["refunded_at"]), min(row["amount"], paid)
            if member and day >= ordered_on and (amount or not row["amount"]):
                orders[row["order_id"]] = (member, ordered_on, paid - amount)
                member.refunds.append((day, amount))
                member.known_on = min(member.known_on, day)
        kinds = {row["event_type"]: row for row in seed("lifecycle/event_types.csv")}
        for row in loaded_rows(home, "events"):
            member, day, kind = (
                self._seen(row, row["happened_at"]),
                business_day(row["happened_at"]),
                kinds[row["event_type"]],
            )
            if kind["is_interaction"] == "true":
                member.interactions.add(day)
                if row["product_id"] in group_of:
                    member.looks[group_of[row["product_id"]]].add(day)
            if kind["is_visit"] == "true":
                member.visits.append(day)
            if kind["is_intent"] == "true" or row["is_competitor"]:
                member.intents.append(day)
        for row in loaded_rows(home, "tickets"):
            self._seen(row, row["opened_at"])
        window = {row["channel"]: int(row["response_days"]) for row in seed("metrics/response_window.csv")}
        for row in loaded_rows(home, "touches"):
            if row["sent_at"] is None:
                continue
            member, sent_on = self._seen(row, row["sent_at"]), business_day(row["sent_at"])
            engaged = [
                business_day(row[step]) for step in ("opened_at", "clicked_at", "connected_at") if row[step]
            ]
            member.interactions.update(engaged)
            bought = [
                day
                for day in member.purchases
                if sent_on <= day <= sent_on + timedelta(days=window[row["channel"]])
            ]
            member.touches.append(
                Touch(hashed(row["system"], row["touch_id"]), sent_on, min([*engaged, *bought], default=None))
            )

    def _seen(self, row: dict[str, Any], moment: datetime) -> Member:
        member = self.members[self.keys[row["system"], row["member_id"]]]
        member.known_on = min(member.known_on, business_day(moment))
        return member

    # --- one day -------------------------------------------------------------------------------------------

    def category_group(self, member: Member, day: date) -> str:
        """The group with most spend in the last 365 days, else ever; the name decides between equals."""
        if member.group:
            return member.group
        if not member.purchase_days or member.purchase_days[0] > day:
            return GENERAL
        start = day - timedelta(days=365)

        def spent(group: str) -> tuple[Decimal, Decimal]:
            days = member.spend[group].items()
            return (
                sum((amount for on, amount in days if start < on <= day), Decimal(0)),
                sum((amount for on, amount in days if on <= day), Decimal(0)),
            )

        bought = [group for group in member.spend if min(member.spend[group]) <= day]
        return min(bought, key=lambda group: (*(-amount for amount in spent(group)), group))

    def silence(self, member: Member, day: date, group: str) -> tuple[str, bool, int]:
        """Tier, whether churned, and days silent, at the end of a day after the first purchase."""
        last_active = member.active_days[bisect_right(member.active_days, day) - 1]
        days_silent = (day - last_active).days
        threshold = self.thresholds[group]
        touches_since = self.touches_since(member, day)
        is_churned = days_silent > int(threshold["hard_churn_days"]) or (
            days_silent > int(threshold["churn_days"]) and touches_since >= int(threshold["churn_touches"])
        )
        bought = bisect_right(member.purchase_days, day)
        unbought = (day - member.purchase_days[bought - 1]).days
        for more_than, unanswered, needs_repurchase, tier, limit in self.tiers[group]:
            if unbought > limit or (
                days_silent > more_than
                and (bought > 1 or not needs_repurchase)
                and (not unanswered or self.unanswered(member, day) >= unanswered)
            ):
                return tier, is_churned, days_silent
        return "none", is_churned, days_silent

    def touches_since(self, member: Member, day: date) -> int:
        """Touches sent after the member's last active day, whatever the group."""
        active = (member.whole or member).active_days
        known = bisect_right(active, day)
        last_active = active[known - 1] if known else date.min
        return bisect_right(member.sent_days, day) - bisect_right(member.sent_days, last_active)

    def unanswered(self, member: Member, day: date) -> int:
        """Newest touches in a row without answer by the end of the day, at most two."""
        count = 0
        for touch in reversed(member.touches[: bisect_right(member.sent_days, day)][-2:]):
            if touch.answered_on is not None and touch.answered_on <= day:
                break
            count += 1
        return count

    def returns(self, member: Member, group: str) -> list[tuple[date, str, str]]:
        """Purchases that ended a silence: the day, the gravest stage and tier since the purchase before."""
        if group not in member.returns:
            member.returns[group] = []
            shortest = min(tier[0] for tier in self.tiers[group])
            for before, purchase in zip(member.purchase_days, member.purchase_days[1:], strict=False):
                if (purchase - before).days <= shortest:
                    continue
                gravest = (False, 0)
                for day in self._days_to_evaluate(member, before, purchase):
                    tier, is_churned, _ = self.silence(member, day, group)
                    gravest = max(gravest, (is_churned, self.tier_order[tier]))
                if gravest > (False, 0):
                    names = {order: tier for tier, order in self.tier_order.items()}
                    came_from = "churned" if gravest[0] else "silent"
                    member.returns[group].append((purchase, came_from, names[gravest[1]]))
        return member.returns[group]

    def _days_to_evaluate(self, member: Member, before: date, purchase: date) -> list[date]:
        """Every day between two purchases; in one group alone, the eves of what happened in it.

        The whole member's touches start anew with a sign of life elsewhere: in one group a silence may look
        graver on the way than when it ends; what counts is its end.
        """
        if member.whole is None:
            return [before + timedelta(days=ahead) for ahead in range((purchase - before).days)]
        return [day - timedelta(days=1) for day in member.active_days if before < day <= purchase]

    def lifecycle(self, member: Member, day: date) -> dict[str, Any] | None:
        """Stage, tier and what they rest on; None before the member is known."""
        if member.known_on > day:
            return None
        bought = member.purchase_days[: bisect_right(member.purchase_days, day)]
        active = member.active_days[: bisect_right(member.active_days, day)]
        group = self.category_group(member, day)
        threshold = self.thresholds[group]
        month = day - timedelta(days=30)
        state: dict[str, Any] = {
            "category_group": group,
            "is_high_intent": False,
            "silence_tier": "none",
            "days_since_first_purchase": (day - bought[0]).days if bought else None,
            "days_since_purchase": (day - bought[-1]).days if bought else None,
            "days_silent": (day - active[-1]).days if active else None,
            "touches_since_active": self.touches_since(member, day),
            "unanswered_touches": self.unanswered(member, day),
            "reactivated_on": None,
            "reactivated_from_stage": None,
            "reactivated_from_tier": None,
        }
        paid = sum((member.purchases[on] for on in bought), Decimal(0))
        if bought and not paid - sum(amount for on, amount in member.refunds if on <= day):
            # Everything was refunded: no buyer. What happened stays a sign of life.
            bought = []
            state |= {"days_since_first_purchase": None, "days_since_purchase": None}
        if not bought:
            visits = sum(month < on <= day for on in member.visits)
            intents = sum(month < on <= day for on in member.intents)
            state["is_high_intent"] = visits >= int(threshold["high_intent_visits"]) or intents > 0
            return state | {"stage": "prospect"}
        state["silence_tier"], is_churned, _ = self.silence(member, day, group)
        returned = [back for back in self.returns(member, group) if back[0] <= day]
        if returned:
            back, stage, tier = returned[-1]
            state |= {
                "reactivated_on": back,
                "reactivated_from_stage": stage,
                "reactivated_from_tier": tier,
            }
        year = day - timedelta(days=365)
        days_in_year = len(bought) - bisect_right(bought, year)
        net_in_year = sum(
            (amount for on, amount in member.purchases.items() if year < on <= day), Decimal(0)
        ) - sum((amount for on, amount in member.refunds if year < on <= day), Decimal(0))
        since_first, growing = state["days_since_first_purchase"], int(threshold["growing_days"])
        if is_churned:
            stage = "churned"
        elif state["silence_tier"] != "none":
            stage = "silent"
        elif since_first <= int(threshold["new_days"]):
            stage = "new"
        elif since_first <= growing:
            stage = "growing"
        elif days_in_year >= int(threshold["stable_purchase_days"]) or net_in_year >= Decimal(
            threshold["stable_net_amount"]
        ):
            stage = "stable"
        elif returned and (day - returned[-1][0]).days <= growing:
            stage = "growing"
        else:
            stage = "occasional"
        return state | {"stage": stage}

    def cycles(self, day: date) -> dict[int, dict[str, Any]]:
        """The personal cycle of everybody who has bought: (2 g + own gaps) / (number of own gaps + 1)."""
        prior = setting_values("lifecycle/lifecycle_settings.csv")
        bands = sorted(
            (int(row["up_to_days"]), row["cycle_band"]) for row in seed("lifecycle/cycle_bands.csv")
        )
        own: dict[int, tuple[str, list[int], date]] = {}
        for key, member in self.members.items():
            bought = member.purchase_days[: bisect_right(member.purchase_days, day)]
            if bought:
                gaps = [(later - earlier).days for earlier, later in itertools.pairwise(bought)]
                own[key] = (self.category_group(member, day), gaps, bought[-1])
        in_group: dict[str, list[int]] = defaultdict(list)
        for group, gaps, _ in own.values():
            in_group[group] += gaps
        everybody = [gap for gaps in in_group.values() for gap in gaps]
        answer = {}
        for key, (group, gaps, last) in own.items():
            completed = (
                in_group[group] if len(in_group[group]) >= int(prior["minimum_group_gaps"]) else everybody
            )
            mean = sum(completed) / len(completed) if completed else float(prior["fallback_gap_days"])
            cycle = (2 * mean + sum(gaps)) / (len(gaps) + 1)
            rounded = _rounded(cycle, CENT)
            answer[key] = {
                "category_group": group,
                "gaps": len(gaps),
                "group_gap_days": _rounded(mean, CENT),
                "cycle_days": rounded,
                "cycle_band": bands[bisect_left(bands, (rounded, ""))][1],
                "next_purchase_due_on": last + timedelta(days=math.ceil(rounded)),
                "overdue_ratio": _rounded((day - last).days / float(rounded), Decimal("0.001")),
            }
        return answer

    def values(self, day: date) -> dict[int, dict[str, Any]]:
        """Recency, frequency and net amount of everybody who bought in the 365 days before."""
        start = day - timedelta(days=365)
        answer = {}
        for key, member in self.members.items():
            bought = [on for on in member.purchase_days if start < on <= day]
            if bought:
                net = sum((member.purchases[on] for on in bought), Decimal(0))
                returned = sum((amount for on, amount in member.refunds if start < on <= day), Decimal(0))
                answer[key] = {
                    "category_group": self.category_group(member, day),
                    "recency": -(day - bought[-1]).days,
                    "frequency": len(bought),
                    "monetary": net - returned,
                }
        return answer

    def scores(self, day: date) -> dict[int, dict[str, int]]:
        """One point, and one more for each fifth of the group that is strictly below; or fixed cut points."""
        settings = setting_values("value/value_settings.csv")
        methods = {
            (row["category_group"], row["measure"]): row["method"] for row in seed("value/rfm_methods.csv")
        }
        values = self.values(day)
        answer: dict[int, dict[str, int]] = defaultdict(dict)
        for measure in ("recency", "frequency", "monetary"):
            everybody = sorted(of_one[measure] for of_one in values.values())
            for group in {of_one["category_group"] for of_one in values.values()}:
                own = {key: one[measure] for key, one in values.items() if one["category_group"] == group}
                compared = sorted(own.values())
                if len(compared) < int(settings["minimum_group_members"]):
                    compared = everybody
                sign = -1 if measure == "recency" else 1
                cuts = [
                    sign * Decimal(row["cut_value"])
                    for row in seed("value/rfm_fixed_cut_points.csv")
                    if (row["category_group"], row["measure"]) == (group, measure)
                ]
                for key, value in own.items():
                    if methods[group, measure] == "fixed":
                        score = 1 + sum(value >= cut for cut in cuts)
                    else:
                        score = 1 + 5 * bisect_left(compared, value) // len(compared)
                    answer[key][f"{measure}_score"] = score
        return answer

    def value_tiers(self, day: date) -> dict[int, dict[str, str]]:
        """The first tier whose share the revenue of everybody strictly above does not use up."""
        amounts = {key: max(of_one["monetary"], Decimal(0)) for key, of_one in self.values(day).items()}
        total = sum(amounts.values())
        tiers = sorted(seed("value/value_tiers.csv"), key=lambda row: int(row["tier_order"]))
        answer = {}
        for key, amount in amounts.items():
            above = sum(other for other in amounts.values() if other > amount)
            reached = [
                row["value_tier"]
                for row in tiers
                if amount > 0 and above < Decimal(row["revenue_share_below"]) * total
            ]
            answer[key] = {"value_tier": [*reached, tiers[-1]["value_tier"]][0]}
        return answer


def _rounded(number: float, step: Decimal) -> Decimal:
    return Decimal(number).quantize(step, rounding=ROUND_HALF_UP)


def loaded_rows(home: Home, table: str) -> list[dict[str, Any]]:
    """All loaded rows of a table of the chain."""
    files: Path = home.loaded / "chain" / table
    with duckdb.connect() as connection:
        cursor = connection.execute(
            "from read_parquet($files, hive_partitioning = false)", {"files": f"{files}/*/*/*/*.parquet"}
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
