"""The edits: a text of a file, what stands there instead, and the test that must fail of it.

Belongs here: the list. `tests/house/test_mutants.py` holds every text against its file, so it stays true.
Does not: making an edit and running its test (``trying.py``).

A rule that no test holds can be turned round without anybody noticing. Each line here was such a rule, or
could have been one: a bound, a side of a comparison, an order, a step that must come first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One edit.

    Attributes:
        file: Path in the project.
        text: What stands there, once.
        instead: What stands there after it.
        killed_by: The test that fails then, as pytest names it.
        unit: Of dbt's unit tests, which all are one test of pytest, the one that fails.
    """

    file: str
    text: str
    instead: str
    killed_by: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.text.split())[:60]} -> {' '.join(self.instead.split())[:60]}"


_UNIT_TESTS = "tests/bite/test_unit_tests.py::test_every_unit_test_of_the_models_passes"


def _sql(file: str, text: str, instead: str, unit: str) -> Mutant:
    return Mutant(f"dbt_project/models/{file}.sql", text, instead, _UNIT_TESTS, unit)


def _python(file: str, text: str, instead: str, killed_by: str) -> Mutant:
    return Mutant(f"orchestration/{file}.py", text, instead, f"tests/{killed_by}")


_AUDIENCE = "exports/audience"
_EXPORT = "exports/test_export.py"
_SEALS, _INDEX = "ledger/test_seals.py", "ledger/test_index.py"
_RATIO = "core/experiments/test_sample_ratio.py"

MUTANTS = (
    # Who may be written to.
    _python(
        _AUDIENCE,
        "where purpose = $purpose and next_on > as_of_date",
        "where purpose = $purpose and next_on >= as_of_date",
        f"{_EXPORT}::test_a_yes_counts_for_its_channel_and_purpose_from_its_day_on",
    ),
    _python(
        _AUDIENCE,
        "having bool_and(is_allowed) and bool_or(changed_on <= as_of_date)",
        "having bool_and(is_allowed)",
        f"{_EXPORT}::test_a_yes_counts_for_its_channel_and_purpose_from_its_day_on",
    ),
    _python(
        _AUDIENCE,
        "having bool_and(is_allowed)",
        "having bool_or(is_allowed)",
        f"{_EXPORT}::test_everybody_planned_is_in_the_file_or_counted_by_the_first_reason_against_it",
    ),
    _python(
        _AUDIENCE,
        'f"first({name} order by updated_at desc nulls last, record_key)',
        'f"first({name} order by updated_at nulls last, record_key)',
        f"{_EXPORT}::test_of_several_records_the_one_changed_last_gives_the_address",
    ),
    _python(
        _AUDIENCE,
        'if touch["planned_touch_id"] in exported and',
        "if False and",
        f"{_EXPORT}::test_nobody_is_exported_twice",
    ),
    _python(
        _AUDIENCE,
        'if row is not None and row["address"] in addresses:',
        "if False:",
        f"{_EXPORT}::test_everybody_planned_is_in_the_file_or_counted_by_the_first_reason_against_it",
    ),
    _python(
        _AUDIENCE,
        '"capped": touch["status"] != "planned" or touch["is_crowded"],',
        '"capped": touch["status"] != "planned",',
        f"{_EXPORT}::test_whoever_was_contacted_by_others_since_the_seal_keeps_their_cap",
    ),
    _python(
        _AUDIENCE,
        '"journey_over": touch["is_over"],',
        '"journey_over": False,',
        f"{_EXPORT}::test_whoever_left_the_journey_since_the_seal_is_left_out",
    ),
    _python(
        _AUDIENCE,
        "partition by member_key order by choice, happened_on desc,",
        "partition by member_key order by choice, happened_on,",
        f"{_EXPORT}::test_the_product_bought_last_is_the_one_that_is_named",
    ),
    _python(
        "exports/gate",
        "if (as_of - newest).days > definitions.most_consent_days:",
        "if (as_of - newest).days > definitions.most_consent_days + 1:",
        "exports/test_consent_feed.py::test_a_consent_feed_that_may_lack_opt_outs_blocks_every_file",
    ),
    _python(
        "exports/gate",
        "return min(heard_until.values())",
        "return max(heard_until.values())",
        "exports/test_consent_feed.py",
    ),
    _python(
        "exports/gate",
        "elif hashes.get(campaign) != seal.definition_hash:",
        "elif False:",
        f"{_EXPORT}::test_a_week_defined_otherwise_since_it_was_sealed_is_not_exported",
    ),
    _python(
        "exports/gate",
        "elif not is_sealed and seal.build_id != build_id:",
        "elif False:",
        f"{_EXPORT}::test_a_week_that_was_sealed_from_another_version_is_not_exported",
    ),
    _python(
        "exports/gate",
        "return others != [(0,)] or not known.issuperset(shown)",
        "return others != [(0,)]",
        f"{_EXPORT}::test_what_is_published_must_be_what_is_sealed",
    ),
    _python(
        "exports/writing",
        "        _refuse_damaged(home)\n",
        "",
        "exports/test_refusals.py::test_a_published_version_that_is_not_as_it_was_audited_is_not_exported",
    ),
    _python(
        "exports/writing",
        "            refuse_lost_contacts(home, published, contracts)\n",
        "",
        "exports/test_refusals.py::test_without_every_contact_that_was_loaded_no_file_is_written_for_ever",
    ),
    _python(
        "exports/writing",
        "changed = [name for name in files_of(folder) if told[name] != sha256_of(folder / name)]",
        "changed = []",
        "exports/test_refusals.py::test_an_earlier_export_that_is_not_whole_stops_the_next",
    ),
    _sql(
        "core/facts/fct_contact_permission",
        "['unsubscribed_on', 'complained_on', 'blocked_on']",
        "['unsubscribed_on', 'complained_on']",
        "fct_contact_permission__unsubscribing_complaining_and_blocking_withdraw_at_the_end_of_their_day",
    ),
    _sql(
        "core/facts/int_unreadable_consents",
        "recorded.reported_on > refused.delivered_on\n",
        "false\n",
        "int_unreadable_consents__what_can_be_read_finds_the_member",
    ),
    _sql(
        "audiences/entries/aud_decisions__suppressions",
        "and weeks.campaign_week <= held_out.ends_on",
        "",
        "aud_decisions__suppressions__whoever_is_held_out_is_so_in_the_weeks_whose_monday_is_in_the_period",
    ),
    _sql(
        "audiences/entries/aud_decisions__suppressions",
        "on weeks.campaign_week >= held_out.starts_on",
        "on weeks.campaign_week > held_out.starts_on",
        "aud_decisions__suppressions__whoever_is_held_out_is_so_in_the_weeks_whose_monday_is_in_the_period",
    ),
    _sql(
        "audiences/entries/aud_open_complaints",
        "and as_of_dates.as_of_date < coalesce(tickets.resolved_on,",
        "and as_of_dates.as_of_date <= coalesce(tickets.resolved_on,",
        "aud_open_complaints__ages_until_it_bars_nobody_and_until_it_is_solved",
    ),
    Mutant(
        "dbt_project/models/audiences/entries/aud_decisions.sql",
        "{{ hash_fraction('asked.campaign', 'asked.member_key') }} as draw",
        "{{ hash_fraction('asked.campaign_week', 'asked.member_key') }} as draw",
        "tests/e2e/test_arms.py::test_every_included_member_has_the_arm_that_python_draws",
    ),
    Mutant(
        "dbt_project/macros/campaign_turns.sql",
        "when place > weekly_capacity then",
        "when place >= weekly_capacity then",
        _UNIT_TESTS,
        "aud_decisions__budget_and_capacity_below_at_and_above",
    ),
    Mutant(
        "dbt_project/macros/newest_delivered.sql",
        "and delivered.delivered_on < replacing.delivered_on",
        "and delivered.delivered_on <= replacing.delivered_on",
        _UNIT_TESTS,
        "stg_chain__orders__newest_delivery_and_business_date",
    ),
    Mutant(
        "dbt_project/macros/evaluated_links.sql",
        "when holders.records > rules.maximum_records then",
        "when holders.records >= rules.maximum_records then",
        _UNIT_TESTS,
        "int_identity__links__who_may_link",
    ),
    _sql(
        "core/facts/fct_order_item",
        "{{ money('items.net_amount - items.cost_amount') }} as margin_amount",
        "{{ money('items.net_amount') }} as margin_amount",
        "fct_order_item__margin_is_what_was_paid_less_what_it_cost_and_unknown_without_a_cost",
    ),
    # What was erased.
    _python(
        "erasing/people",
        "        _remove_builds(home)\n        # Rekindle's own tables",
        "        # Rekindle's own tables",
        "erasure/test_erasure.py::"
        "test_once_it_is_purged_what_is_published_and_the_notes_of_it_alone_hold_anything_of_the_person",
    ),
    _python(
        "erasing/people",
        "    if held:\n        return\n",
        "",
        "erasure/test_erasure.py::test_nothing_is_called_done_before_readers_have_a_version_without_the_person",
    ),
    # What reaches the disk, and in which order.
    _python(
        "files",
        "        sync(prepared)\n",
        "",
        "warehouse/test_flushed.py::test_a_file_that_takes_anothers_place",
    ),
    _python(
        "files",
        "        sync(target.parent)\n",
        "",
        "warehouse/test_flushed.py::test_a_file_that_takes_anothers_place",
    ),
    _python(
        "warehouse/publish",
        "        sync(file)\n",
        "",
        "warehouse/test_flushed.py::test_a_published_version_with_its_file_and_its_manifest",
    ),
    _python(
        "warehouse/versions",
        "    sync(home.serving)\n",
        "",
        "warehouse/test_flushed.py::test_a_switch_of_readers",
    ),
    _python(
        "ledger/seals",
        "            sync(written)\n",
        "",
        "warehouse/test_flushed.py::test_a_seal_with_every_file_in_it",
    ),
    # What is sealed.
    _python(
        "ledger/seals",
        "    if former and not reason:\n",
        "    if False:\n",
        f"{_SEALS}::test_a_decided_week_is_not_decided_twice",
    ),
    _python(
        "ledger/seals",
        "            elif sha256_of(file) != sha256:\n",
        "            elif False:\n",
        f"{_SEALS}::test_every_changed_or_missing_file_is_named_before_anything_is_built",
    ),
    _python(
        "ledger/seals",
        "        if noted is not None and sealed is None:\n",
        "        if False:\n",
        f"{_INDEX}::test_a_seal_that_was_added_by_hand_is_named",
    ),
    _python(
        "ledger/seals",
        "for entry in noted or [] if entry.seal not in pending}",
        "for entry in ()}",
        f"{_INDEX}::test_what_is_missing_is_named_whatever_is_left_of_it",
    ),
    _python(
        "ledger/seals",
        "        add_to_index(home, [note])\n        give_name(unfinished)\n",
        "        give_name(unfinished)\n        add_to_index(home, [note])\n",
        f"{_INDEX}::test_whoever_is_killed_between_a_seal_and_its_index_leaves_what_the_next_command_finishes",
    ),
    _python(
        "ledger/index",
        'is_whole = told["former"] == former and',
        "is_whole =",
        f"{_INDEX}::test_a_damaged_place_is_named_and_is_written_anew_once_it_is_removed",
    ),
    _python(
        "ledger/index",
        "if number and (len(lines) < number",
        "if False and (len(lines) < number",
        f"{_INDEX}::test_what_a_published_version_vouches_for_is_missed_in_both_places",
    ),
    _python(
        "ledger/opening",
        "        if each.as_of_date <= until\n",
        "        if each.as_of_date < until\n",
        f"{_SEALS}::test_a_build_of_an_earlier_day_knows_nothing_of_weeks_decided_later",
    ),
    _python(
        "ledger/opening",
        "or each.campaign_week < before\n",
        "or each.campaign_week <= before\n",
        f"{_SEALS}::test_the_next_build_gets_what_is_sealed_and_one_that_decides_anew_only_what_was_before",
    ),
    _python(
        "ledger/rules",
        'row["valid_from"] <= week.isoformat()',
        'row["valid_from"] < week.isoformat()',
        "ledger/test_rules.py::test_an_experiment_over_a_week_that_was_sealed_without_it_is_refused",
    ),
    _python(
        "ledger/rules",
        'week.isoformat() <= row["valid_to"]',
        'week.isoformat() < row["valid_to"]',
        "ledger/test_rules.py::test_an_experiment_reads_weeks_up_to_the_one_whose_monday_it_ends_on",
    ),
    _python(
        "ledger/rules",
        'if each.counts["included"])',
        ")",
        "ledger/test_rules.py::test_where_nobody_was_drawn_nothing_started",
    ),
    # Which day is built, and what readers get.
    _python(
        "core/due",
        "min(delivered_until, today - ONE_DAY)",
        "min(delivered_until, today)",
        "orchestration/test_due_dates.py::test_today_is_never_due_because_it_is_not_over",
    ),
    _python(
        "core/due",
        "return sorted(days.difference(given_up))",
        "return sorted(days)",
        "orchestration/test_due_dates.py::test_a_day_that_was_given_up_is_not_due_before_and_after_a_later_one",
    ),
    _python(
        "core/due",
        "if not any(period_start(day, refit_after_days) <= each <= day for each in kept):",
        "if not any(period_start(day, refit_after_days) < each <= day for each in kept):",
        "orchestration/test_due_dates.py::test_a_fit_is_due_on_the_first_date_of_a_period_not_before",
    ),
    _python(
        "core/calendar",
        "last_sunday = as_of - timedelta(days=as_of.isoweekday())",
        "last_sunday = as_of - timedelta(days=as_of.isoweekday() % 7)",
        "core/test_calendar.py::test_around_a_sunday_the_newest_week_end_is_the_one_strictly_before",
    ),
    _python(
        "readers/deliveries",
        "select max(moment) filter (moment < ends_at)",
        "select max(moment)",
        "orchestration/test_odd_dates.py::"
        "test_an_order_may_be_of_the_day_of_its_delivery_to_the_last_second_in_the_business_zone",
    ),
    _python(
        "readers/deliveries",
        "_end_of(min(day, today))",
        "_end_of(day)",
        "orchestration/test_odd_dates.py::test_a_delivery_dated_ahead_reaches_no_further_than_today",
    ),
    _python(
        "warehouse/publish",
        "read_manifest(home, current).as_of_date > build.as_of_date",
        "read_manifest(home, current).as_of_date >= build.as_of_date",
        "warehouse/test_older_dates.py::test_the_same_date_again_and_a_later_one_are_switched_to",
    ),
    _python(
        "warehouse/publish",
        'if audited["build_id"] != build.build_id or audited["file"] != file_state(build.file):',
        'if audited["build_id"] != build.build_id:',
        "warehouse/test_publish.py::test_a_build_changed_after_its_audit_is_refused",
    ),
    _python(
        "warehouse/versions",
        "    if sha256_of(file) != manifest.sha256:\n",
        "    if False:\n",
        "warehouse/test_versions.py::test_verify_finds_one_flipped_byte_anywhere",
    ),
    _python(
        "warehouse/versions",
        "target = to or read_manifest(home, current).replaces",
        "target = to or next(iter(kept))",
        "warehouse/test_versions.py::test_rollback_twice_goes_two_versions_back_and_no_further",
    ),
    # What is loaded.
    _python(
        "csv_files/copying",
        "        if found != [(inside,)]:\n",
        "        if False:\n",
        "loader/test_csv_files.py::test_a_row_that_does_not_fit_is_at_fault_alone",
    ),
    _python(
        "loader/loading",
        "or sha256_of(path) != file.sha256:",
        "or False:",
        "loader/test_load_files.py::test_a_file_that_changes_between_check_and_reading_is_not_loaded",
    ),
    _python(
        "files",
        'return re.sub(r"[*?[]", r"[\\g<0>]", str(path))',
        "return str(path)",
        "loader/test_load_files.py::test_a_name_is_no_pattern_in_files_and_homes",
    ),
    _python(
        "loader/unreadable",
        "else [SLIPPED, *may]",
        "else [*may]",
        "loader/test_unreadable_consents.py::test_a_touch_or_ticket_whose_cells_do_not_fit_may_be_an_opt_out_whatever_it_says",
    ),
    _python(
        "loader/row_rules",
        'rules.append(Rule(f"{value} < {bound}", f"below the minimum',
        'rules.append(Rule(f"{value} <= {bound}", f"below the minimum',
        "loader/test_load_rows.py::test_the_bounds_themselves_are_allowed",
    ),
    _python(
        "loader/row_rules",
        "{_moment(f'try_cast({name} as timestamptz)')}",
        "try_cast({name} as timestamp)",
        "loader/test_load_rows.py::test_an_offset_is_counted_and_the_time_is_utc",
    ),
    _python(
        "core/pseudonyms",
        'f"{kind}:{normal}".encode()',
        "normal.encode()",
        "core/test_pseudonyms.py::test_one_text_has_another_pseudonym_as_each_kind",
    ),
    _python(
        "core/pseudonyms",
        "    if len(key) > _BLOCK_SIZE:\n",
        "    if False:\n",
        "core/test_pseudonyms.py::test_sql_and_python_agree_on_any_text_and_secret",
    ),
    # What is drawn and computed.
    _python(
        "core/arms",
        "upper += shares[arm]",
        "upper = shares[arm]",
        "core/test_arms.py::test_arms_have_their_shares",
    ),
    _python(
        "core/arms",
        "*earlier, last = sorted(shares)",
        "*earlier, last = sorted(shares, reverse=True)",
        "core/test_arms.py::test_arms_are_cut_in_the_order_of_their_codes",
    ),
    _python(
        "core/experiments/sample_ratio",
        "chdtrc(len(shares) - 1, distance)",
        "chdtrc(len(shares), distance)",
        f"{_RATIO}::test_the_published_mismatch_has_the_published_p_value",
    ),
    _python(
        "core/experiments/sample_ratio",
        "min(expected.values()) < _LEAST_EXPECTED",
        "min(expected.values()) <= _LEAST_EXPECTED",
        f"{_RATIO}::test_ten_members_are_enough",
    ),
    _python(
        "core/experiments/multiplicity",
        'arbitrary_dependence=True, method="bonferroni"',
        'arbitrary_dependence=False, method="sidak"',
        "core/experiments/test_multiplicity.py::test_both_equal_statsmodels",
    ),
    _python(
        "core/churn_model",
        "return mean.mean > (0.0 if is_champion else required_errors * mean.error)",
        "return mean.mean > 0.0",
        "core/test_churn_model.py::test_the_base_is_replaced_and_wins_back_by_paired_standard_errors",
    ),
    # What is refused of definitions.
    _python(
        "definitions_files/conditions",
        'f"coalesce(({condition}), false)"',
        'f"coalesce(({condition}), true)"',
        "faults/test_seed_edits.py::test_every_condition_of_a_seed_is_asked_of_its_rows_and_unknown_is_no",
    ),
    _python(
        "core/seed_rows",
        "if found and found not in allowed:",
        "if False:",
        "faults/test_seed_edits.py::test_what_only_dbt_reads_is_refused_before_dbt_sees_it",
    ),
)
