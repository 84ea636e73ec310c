"""Faults: for every condition and every singular check of the warehouse, statements that must break it.

Belongs here: name -> faults (a condition is ``<model>__<condition>``); one without a fault fails the suite.
Does not: faults of keys and references; they follow from the arguments (`test_checks_bite`).

Statements run on a copy in which every view is a table, so a fault stays where it is planted. `one_row`
stands for the condition that picks a single row of the table.
"""

from __future__ import annotations

_LAST_SUNDAY = "as_of_date = (select max(as_of_date) from marts.member_lifecycle)"

# Each value is a list of faults, planted one at a time; each must be found.
CONDITIONS: dict[str, list[str]] = {
    # seeds
    "delivery_checks__can_be_made": [
        "update seeds.delivery_checks set level = 'stop' where one_row",
        "update seeds.delivery_checks set threshold = 1.5 where unit = 'chance'",
        "update seeds.delivery_checks set label_zh = '' where one_row",
    ],
    "delivery_checks__compares_with_enough": [
        "update seeds.delivery_checks set deliveries = null where delivery_check = 'column_emptied'",
        "update seeds.delivery_checks set fewest_deliveries = 6 where deliveries = 5",
    ],
    "stage_thresholds__thresholds_rise": [
        "update seeds.stage_thresholds set new_days = growing_days where one_row",
        "update seeds.stage_thresholds set hard_churn_days = churn_days where one_row",
        "update seeds.stage_thresholds set churn_touches = 0 where one_row",
    ],
    "silence_tiers__touches_are_countable": [
        "update seeds.silence_tiers set needs_unanswered_touches = 3 where one_row",
        "update seeds.silence_tiers set more_than_days = 0 where one_row",
    ],
    "silence_tiers__limit_is_past_the_silence": [
        "update seeds.silence_tiers set hard_limit_days = more_than_days where silence_tier = 'heavy'",
    ],
    "silence_causes__is_complete": [
        "update seeds.silence_causes set label_zh = '' where one_row",
        "update seeds.silence_causes set is_active = false where silence_cause = 'unknown'",
    ],
    "silence_evidence__can_be_measured": [
        "update seeds.silence_evidence set measure_kind = 'guess' where one_row",
        "update seeds.silence_evidence set sign = null where one_row",
        "update seeds.silence_evidence set base_sign = 'event' where evidence = 'refund'",
        "update seeds.silence_evidence set to_days = from_days where one_row",
        "update seeds.silence_evidence set full_weight_value = zero_weight_value where one_row",
        "update seeds.silence_evidence set weight = 1.001 where one_row",
        "update seeds.silence_evidence set minimum_cases = 0 where one_row",
    ],
    "lifecycle_settings__rhythm_is_usable": [
        "update seeds.lifecycle_settings set value = '0.9' where setting = 'rhythm_cycles'",
        "update seeds.lifecycle_settings set value = '0' where setting = 'prior_cases'",
    ],
    "lifecycle_settings__journey_has_steps": [
        "update seeds.lifecycle_settings set value = '0' where setting = 'journey_touches'",
        "update seeds.lifecycle_settings set value = '7' where setting = 'rare_touch_days'",
    ],
    "plausible_ranges__one_kind_of_limits": [
        "update seeds.plausible_ranges set earliest = date '2000-01-01' where range_name = 'amount'",
        "update seeds.plausible_ranges set lowest = null, highest = null where range_name = 'amount'",
    ],
    "plausible_ranges__limits_leave_room": [
        "update seeds.plausible_ranges set days_after_delivery = -1 where range_name = 'happened'",
        "update seeds.plausible_ranges set lowest = highest + 1 where range_name = 'amount'",
    ],
    "empty_words__parts_are_known": [
        "update seeds.empty_words set part = 'phone' where one_row",
    ],
    "empty_words__words_are_written": [
        "update seeds.empty_words set word = '' where one_row",
    ],
    "response_window__windows_are_positive": [
        "update seeds.response_window set response_days = 0 where one_row",
    ],
    "import_settings__something_is_shown": [
        "update seeds.import_settings set value = '0' where setting = 'preview_rows'",
        "update seeds.import_settings set value = '0' where setting = 'newest_gap_days'",
    ],
    "metric_settings__trust_is_not_negative": [
        "update seeds.metric_settings set value = '-1' where setting = 'stock_trusted_days'"
    ],
    "rfm_methods__method_is_known": [
        "update seeds.rfm_methods set method = 'guess' where one_row",
        "update seeds.rfm_methods set measure = 'charm' where one_row",
    ],
    "rfm_cells__has_a_play": ["update seeds.rfm_cells set play = '' where one_row"],
    "value_settings__cell_can_be_looked_back_to": [
        "update seeds.value_settings set value = '1' where setting = 'hold_weeks'",
        "update seeds.value_settings set value = '8' where setting = 'hold_weeks'",
    ],
    "rfm_migration_spans__can_be_looked_back_to": [
        "update seeds.rfm_migration_spans set span_weeks = 0 where one_row",
        "update seeds.rfm_migration_spans set span_weeks = 5 where one_row",
    ],
    "growth_rules__caps_are_positive": [
        "update seeds.growth_rules set daily_cap_units = 0 where one_row",
        "update seeds.growth_rules set points_per_unit = 0 where one_row",
        "update seeds.growth_rules set takes_back = null where one_row",
    ],
    "value_settings__points_are_valid_for_days": [
        "update seeds.value_settings set value = '0' where setting = 'validity_days'"
    ],
    "value_settings__margin_interval_has_two_ends": [
        "update seeds.value_settings set value = '0' where setting = 'tail_share'",
        "update seeds.value_settings set value = '0.5' where setting = 'tail_share'",
    ],
    "growth_levels__are_labelled": [
        "update seeds.growth_levels set points_from = -1 where one_row",
        "update seeds.growth_levels set pack_label_zh = '' where one_row",
    ],
    "exp_arm_stats__sums_can_be_of_members": [
        "update experiments.exp_arm_stats set members = 0 where one_row",
        "update experiments.exp_arm_stats set sum_yy = -1 where one_row",
    ],
    "promotions__window_is_not_empty": [
        "update seeds.promotions set ends_on = starts_on - 1 where one_row",
    ],
    "refund_reasons__says_whose_fault": [
        "update seeds.refund_reasons set is_fault = null where one_row",
        "update seeds.refund_reasons set label_zh = '' where one_row",
    ],
    "churn_signals__is_complete": ["update seeds.churn_signals set sentence_zh = '' where one_row"],
    "churn_thresholds__one_kind_of_limit": [
        "update seeds.churn_thresholds set less_than = at_least where signal = 'browse_stopped'",
        "update seeds.churn_thresholds set more_than = null where signal = 'recency'",
        "update seeds.churn_thresholds set at_least = 1 where signal = 'recency'",
        "update seeds.churn_thresholds set riskiest_share = 1.001 where signal = 'probability'",
        "update seeds.churn_thresholds set riskiest_share = 0.1 where signal = 'recency'",
        "update seeds.churn_thresholds set minimum_purchase_days = 1 where signal = 'probability'",
    ],
    "churn_thresholds__floors_are_not_negative": [
        "update seeds.churn_thresholds set minimum_overdue_ratio = -0.001 where one_row",
        "update seeds.churn_thresholds set minimum_purchase_days = -1 where one_row",
    ],
    "churn_settings__warnings_can_be_followed_up": [
        "update seeds.churn_settings set value = '1' where setting = 'held_out_share'",
        "update seeds.churn_settings set value = '' where setting = 'held_out_salt'",
        "update seeds.churn_settings set value = '0' where setting = 'answerable_weeks'",
        "update seeds.churn_settings set value = '0' where setting = 'quiet_days'",
        "update seeds.churn_settings set value = '0' where setting = 'answer_days'",
        "update seeds.churn_settings set value = '0' where setting = 'warning_interval_z'",
        "update seeds.churn_settings set value = '1' where setting = 'warning_least_members'",
    ],
    "no_login_steps__step_is_not_empty": [
        "update seeds.no_login_steps set to_days = from_days - 1 where one_row",
    ],
    "churn_levels__weight_within_bounds": [
        "update seeds.churn_levels set loss_weight = 1.001 where one_row",
    ],
    "churn_actions__due_is_not_past": ["update seeds.churn_actions set due_days = -1 where one_row"],
    "call_effects__share_is_one": [
        "update seeds.call_effects set saved_share = 1.000001 where one_row",
        "update seeds.call_effects set saved_share = -0.000001 where one_row",
    ],
    "campaign_waivers__no_member_loses_a_right": [
        "update seeds.campaign_waivers set reason = 'no_consent' where one_row",
        "update seeds.campaign_waivers set reason = 'global_holdout' where one_row",
    ],
    "response_capacity__is_not_negative": [
        "update seeds.response_capacity set members_per_week = -1 where one_row",
    ],
    "churn_settings__fit_sample_is_large_enough": [
        "update seeds.churn_settings set value = '999' where setting = 'fit_sample_members'",
        "update seeds.churn_settings set value = '0' where setting = 'refit_after_days'",
    ],
    "scenes__kind_is_known": ["update seeds.scenes set scene_kind = 'mood' where one_row"],
    "promotion_phases__edges_are_known": [
        "update seeds.promotion_phases set from_edge = 'payday' where one_row",
        "update seeds.promotion_phases set to_edge = null where one_row",
        "update seeds.promotion_phases set to_offset_days = from_offset_days + 60 where one_row",
    ],
    "promotions__phases_are_not_too_long": [
        "update seeds.promotions set ends_on = starts_on + 60 where one_row",
    ],
    "tag_settings__windows_are_positive": [
        "update seeds.tag_settings set value = '0' where setting = 'history_days'",
        "update seeds.tag_settings set value = '0.8' where setting = 'due_to_ratio'",
    ],
    "churn_methods__is_computed": ["update seeds.churn_methods set method = 'guess' where one_row"],
    "churn_populations__says_who": ["update seeds.churn_populations set label_zh = '' where one_row"],
    "calibration_bins__edge_is_a_probability": [
        "update seeds.calibration_bins set from_probability = 1 where one_row",
    ],
    "churn_settings__backtest_is_possible": [
        "update seeds.churn_settings set value = '0' where setting = 'top_share'",
        "update seeds.churn_settings set value = '0' where setting = 'probability_floor'",
    ],
    "churn_settings__drift_limits_are_positive": [
        "update seeds.churn_settings set value = '0' where setting = 'share_floor'",
    ],
    "offer_rules__says_why_and_when": [
        "update seeds.offer_rules set reason_zh = '' where one_row",
        "update seeds.offer_rules set weight = 0 where one_row",
        "update seeds.offer_rules set link = null where rule = 'used_up'",
    ],
    # ships empty, so the fault is the only row
    "exchange_rates__a_rate_is_above_zero": [
        "insert into seeds.exchange_rates by name select 'USD' as currency, 0 as rate",
        "insert into seeds.exchange_rates by name select 'USD' as currency, -7 as rate",
    ],
    "exchange_rates__a_currency_is_three_capital_letters": [
        "insert into seeds.exchange_rates by name select 'usd' as currency, 7 as rate",
        "insert into seeds.exchange_rates by name select 'US' as currency, 7 as rate",
    ],
    # the Complete Journey; empty in this build, so the fault is the only row
    "stg_complete_journey__products__named_and_placed": [
        "insert into staging.stg_complete_journey__products by name "
        "select '1' as product_id, 'Milk' as product_name",
        "insert into staging.stg_complete_journey__products by name "
        "select '1' as product_id, 'DELI' as category",
    ],
    "stg_complete_journey__campaign_descriptions__ends_after_it_starts": [
        "insert into staging.stg_complete_journey__campaign_descriptions by name "
        "select date '2017-03-02' as started_on, date '2017-03-01' as ended_on",
    ],
    "fct_coupon__a_household_redeems_while_valid": [
        "insert into core.fct_coupon by name "
        "select 'complete_journey' as source, date '2017-03-02' as issued_on, "
        f"date '2017-03-31' as expires_on, date '{day}' as redeemed_on"
        for day in ("2017-04-01", "2017-03-01")
    ],
    "fct_order__a_basket_costs_its_price_less_the_discount": [
        "insert into core.fct_order by name select 'complete_journey' as source, "
        "10.00 as gross_amount, 1.00 as discount_amount, 9.01 as net_amount",
    ],
    # intermediate
    "int_member_totals__next_is_later": [
        "update intermediate.int_member_totals set next_known_on = known_on where one_row",
    ],
    "int_active_days__days_are_in_order": [
        "update intermediate.int_active_days set previous_active_on = active_on where one_row",
        "update intermediate.int_active_days set next_active_on = active_on where one_row",
    ],
    "int_active_days__there_was_a_sign": [
        "update intermediate.int_active_days set has_purchase = false, has_interaction = false where one_row",
    ],
    "int_active_days__purchases_before_have_a_day": [
        "update intermediate.int_active_days "
        f"set purchase_days_before = {days}, previous_purchase_on = {last} where one_row"
        for days, last in ((0, "active_on - 1"), (1, "null"))
    ],
    # marts
    "fct_stock__no_shelf_holds_less_than_nothing": ["update core.fct_stock set units = -1 where one_row"],
    "fct_stock__out_of_stock_is_known": [
        "update core.fct_stock set counted_on = as_of_date + 1 where one_row",
        "update core.fct_stock set is_known = false, is_out_of_stock = true where one_row",
        "update core.fct_stock set units = 1, is_out_of_stock = true where one_row",
    ],
    "int_next_purchases__is_later": [
        "update intermediate.int_next_purchases set days_until_purchase = 0 where one_row",
    ],
    # marts
    "int_backtest__histograms__counts_agree": [
        "update intermediate.int_backtest__histograms set non_buyers = members + 1 where one_row",
        "update intermediate.int_backtest__histograms set expected_non_buyers = members + 1 "
        "where method = 'base'",
    ],
    "fct_churn_calibration__interval_holds_what_was_seen": [
        "update marts.fct_churn_calibration set lowest_share = highest_share where one_row",
        "update marts.fct_churn_calibration set observed_share = highest_share + 0.1 where one_row",
    ],
    "fct_churn_backtest__figures_within_bounds": [
        "update marts.fct_churn_backtest set auc = 1.000001 where one_row",
        "update marts.fct_churn_backtest set warned_members = members + 1 where one_row",
        "update marts.fct_churn_backtest set top_precision_share = null where one_row",
    ],
    "fct_churn_comparison__dates_are_in_order": [
        "update marts.fct_churn_comparison set first_as_of_date = last_as_of_date + 1 where one_row",
    ],
    "dim_as_of_date__known_from_somewhere": [
        "update core.dim_as_of_date set is_computed = false, computed_because = null where is_newest",
    ],
    "dim_as_of_date__computed_for_a_reason": [
        "update core.dim_as_of_date set computed_because = null where one_row",
    ],
    "dim_as_of_date__the_newest_is_computed": [
        "update core.dim_as_of_date set is_computed = false, computed_because = null, is_told = true "
        "where is_newest",
    ],
    "fct_churn_panel__a_history_is_one": [
        "update marts.fct_churn_panel set repeats = -1 where one_row",
        "update marts.fct_churn_panel set last_days = age_days + 1 where one_row",
    ],
    "fct_churn_feature_share__counts_are_whole": [
        "update marts.fct_churn_feature_share set members = -1 where one_row",
        "update marts.fct_churn_feature_share set member_share = 1.5 where one_row",
    ],
    "fct_churn_lead_time__warned_have_a_lead": [
        "update marts.fct_churn_lead_time set warned_members = fallen_members + 1 where one_row",
    ],
    "fct_churn_drift__members_look_as_when_fitted": [
        "update marts.fct_churn_drift set is_alarm = true where is_newest",
    ],
    "stg_rekindle__churn_parameters__parameters_are_positive": [
        "update staging.stg_rekindle__churn_parameters set rate_days = 0 where one_row",
        "update staging.stg_rekindle__churn_parameters set staying = null where one_row",
    ],
    "stg_rekindle__churn_seasons__is_a_period_of_the_year": [
        "insert into staging.stg_rekindle__churn_seasons values ('fit', date '2025-12-28', 13, 0, 1)",
        "insert into staging.stg_rekindle__churn_seasons values ('fit', date '2025-12-28', 0, 0, -0.1)",
    ],
    "churn_settings__training_has_something_to_train_on": [
        "update seeds.churn_settings set value = '999' where setting = 'training_sample_members'",
        "update seeds.churn_settings set value = '0' where setting = 'ridge'",
    ],
    "churn_model_features__sign_limit_is_known": [
        "update seeds.churn_model_features set sign_limit = 2 where one_row",
        "update seeds.churn_model_features set label_zh = '' where one_row",
    ],
    "stg_rekindle__churn_coefficients__feature_varies": [
        "update staging.stg_rekindle__churn_coefficients set feature_deviation = 0 where one_row",
    ],
    "stg_rekindle__churn_recalibrations__saw_nothing_later": [
        "update staging.stg_rekindle__churn_recalibrations set last_matured_on = calibrated_on where one_row",
        "update staging.stg_rekindle__churn_recalibrations set base_weight = -0.1 where one_row",
        "update staging.stg_rekindle__churn_recalibrations set model_weight = -0.1 where one_row",
    ],
    "stg_rekindle__churn_model_cards__evaluated_after_what_it_was_trained_on": [
        "update staging.stg_rekindle__churn_model_cards set learned_until_on = first_evaluated_on "
        "where one_row",
        "update staging.stg_rekindle__churn_model_cards set last_evaluated_on = fitted_on where one_row",
    ],
    "stg_rekindle__churn_model_cards__in_use_only_for_a_gain": [
        "update staging.stg_rekindle__churn_model_cards set is_promoted = not is_promoted where one_row",
        "update staging.stg_rekindle__churn_model_cards set mean_gain = required_errors * mean_gain_error "
        "where is_promoted and champion = 'base'",
        "update staging.stg_rekindle__churn_model_cards set gain = -3 * gain_error where is_promoted",
    ],
    "int_churn_model__scores__saw_nothing_later": [
        "update intermediate.int_churn_model__scores set fitted_on = as_of_date + 1 where one_row",
        "update intermediate.int_churn_model__scores set calibrated_on = as_of_date + 1 where one_row",
    ],
    "int_churn_model__scores__is_a_probability": [
        "update intermediate.int_churn_model__scores set p_no_purchase = 1.000001 where one_row",
    ],
    "member_churn_features__are_known_and_not_negative": [
        "update marts.member_churn_features set overdue_log = null where one_row",
        "update marts.member_churn_features set own_gaps_this_long_share = 1.000001 where one_row",
    ],
    "fct_churn_reason__top_reasons_raise": [
        "update marts.fct_churn_reason set contribution = -1 where reason_rank = 1",
        "update marts.fct_churn_reason set reason_rank = 1 where family = 'baseline'",
    ],
    "stg_rekindle__amount_parameters__amounts_have_a_mean_and_a_variance": [
        "update staging.stg_rekindle__amount_parameters set amount_shape = 1, scale_shape = 1 where one_row",
        "update staging.stg_rekindle__amount_parameters set scale_amount = null where one_row",
        "update staging.stg_rekindle__amount_parameters set came_share = -0.1 where one_row",
        "update staging.stg_rekindle__amount_parameters set basis = 'gross' where one_row",
    ],
    "int_margin__forecasts__more_in_longer": [
        "update intermediate.int_margin__forecasts set purchases_90d = purchases_180d + 1 where one_row",
        "update intermediate.int_margin__forecasts set any_purchase_365d_share = 0 where one_row",
        "update intermediate.int_margin__forecasts set purchase_pairs_180d = null where one_row",
    ],
    "member_expected_margin__square_is_no_less_than_that_of_the_mean": [
        "update marts.member_expected_margin set expected_square = 0 where one_row",
        "update marts.member_expected_margin set amount = -0.01 where one_row",
        "update marts.member_expected_margin set basis = 'gross' where one_row",
    ],
    "member_expected_margin__more_in_longer_and_bounds_in_order": [
        "update marts.member_expected_margin set expected_margin_90d = expected_margin_365d + 1 "
        "where one_row",
        "update marts.member_expected_margin set expected_margin_high_180d = -0.01 where one_row",
        "update marts.member_expected_margin set expected_margin_low_365d = expected_margin_high_365d + 1 "
        "where one_row",
    ],
    "member_churn_baseline__probabilities_agree": [
        "update marts.member_churn_baseline set p_alive = 1.000001 where one_row",
        "update marts.member_churn_baseline set base_p_no_purchase_28d = 0, p_alive = 1 where one_row",
        "update marts.member_churn_baseline set p_alive = 0, base_p_no_purchase_90d = 0 where one_row",
    ],
    "member_churn_baseline__even_year_agrees": [
        "update marts.member_churn_baseline set even_p_no_purchase_28d = 0, even_p_no_purchase_90d = 1 "
        "where one_row",
    ],
    "member_churn_baseline__fit_saw_nothing_later": [
        "update marts.member_churn_baseline set fitted_on = as_of_date + 1 where one_row",
    ],
    "member_churn_probability__probabilities_are_probabilities": [
        "update marts.member_churn_probability set p_no_purchase_28d = 1.000001 where one_row",
        "update marts.member_churn_probability set model_p_no_purchase_90d = -0.000001 where one_row",
    ],
    "member_churn_probability__scorer_gave_the_score": [
        "update marts.member_churn_probability set scored_by_28d = 'guess' where one_row",
        "update marts.member_churn_probability set scored_by_90d = 'base', p_no_purchase_90d = -1 "
        "where one_row",
        "update marts.member_churn_probability set scored_by_28d = 'model', model_p_no_purchase_28d = null "
        "where one_row",
    ],
    "member_churn_probability__longer_is_never_above_shorter": [
        "update marts.member_churn_probability set p_no_purchase_90d = p_no_purchase_28d + 1 where one_row",
        "update marts.member_churn_probability set base_p_no_purchase_90d = 1, base_p_no_purchase_28d = 0 "
        "where one_row",
        "update marts.member_churn_probability set model_p_no_purchase_90d = 1, model_p_no_purchase_28d = 0 "
        "where one_row",
    ],
    "member_churn_probability__fit_saw_nothing_later": [
        "update marts.member_churn_probability set fitted_on = as_of_date + 1 where one_row",
    ],
    "dim_product__has_a_group": ["update core.dim_product set category_group = null where one_row"],
    "fct_order__amounts_are_not_negative": [
        "update core.fct_order set net_amount = -0.01 where one_row",
        "update core.fct_order set discount_amount = null where one_row",
    ],
    "member_activity__windows_are_nested": [
        "update marts.member_activity set orders_30d = orders_90d + 1 where one_row",
        "update marts.member_activity set orders_365d = orders + 1 where one_row",
        "update marts.member_activity set touches_30d = -1 where one_row",
    ],
    "member_lifecycle__stage_agrees_with_purchases": [
        "update marts.member_lifecycle set stage = 'prospect' "
        "where rowid = (select min(rowid) from marts.member_lifecycle where stage = 'stable')",
        "update marts.member_lifecycle set days_since_first_purchase = null "
        "where rowid = (select min(rowid) from marts.member_lifecycle where stage = 'new')",
    ],
    "member_lifecycle__only_prospects_are_high_intent": [
        "update marts.member_lifecycle set is_high_intent = true "
        "where rowid = (select min(rowid) from marts.member_lifecycle where stage = 'stable')",
    ],
    "member_lifecycle__silent_has_a_tier": [
        "update marts.member_lifecycle set silence_tier = 'none' "
        "where rowid = (select min(rowid) from marts.member_lifecycle where stage = 'silent')",
    ],
    "member_cycle__cycle_is_positive": [
        "update marts.member_cycle set cycle_days = 0 where one_row",
        "update marts.member_cycle set overdue_ratio = null where one_row",
    ],
    "member_rfm__scores_within_bounds": [
        "update marts.member_rfm set recency_score = 6 where one_row",
        "update marts.member_rfm set monetary_score = null where one_row",
        "update marts.member_rfm set rfm_total_score = rfm_total_score + 1 where one_row",
        "update marts.member_rfm set rfm_cell = '55' where one_row",
    ],
    "fct_growth_ledger__points_follow_units": [
        "update marts.fct_growth_ledger set points = 0 where one_row",
        "update marts.fct_growth_ledger set points = -points where one_row",
        "update marts.fct_growth_ledger set counted_units = units + 1 where rowid = "
        "(select min(rowid) from marts.fct_growth_ledger where points > 0)",
    ],
    "member_growth__next_level_is_ahead": [
        "update marts.member_growth set points_to_next_level = 0 where one_row",
        "update marts.member_growth set benefit_pack = null where one_row",
    ],
    "fct_rfm_migration__somebody_was_somewhere": [
        "update marts.fct_rfm_migration set members = 0 where one_row",
        "update marts.fct_rfm_migration set from_cell = 'none', to_cell = 'none' where one_row",
    ],
    "member_value_tier__share_within_bounds": [
        "update marts.member_value_tier set revenue_share_above = 1.000001 where one_row",
        "update marts.member_value_tier set net_amount = -0.01 where one_row",
    ],
    "fct_value_concentration__shares_within_bounds": [
        "update marts.fct_value_concentration set net_amount_share = -0.000001 where one_row",
    ],
    "int_silence__returns__next_is_later": [
        "update intermediate.int_silence__returns set next_reactivated_on = reactivated_on where one_row",
    ],
    "member_cycle__rhythm_lies_before": [
        "update marts.member_cycle set quiet_since_on = as_of_date + 1 where one_row",
    ],
    "fct_silence_evidence__is_known_by_then": [
        "update marts.fct_silence_evidence set evidence_on = as_of_date + 1 where one_row",
        "update marts.fct_silence_evidence set score = 1.001 where one_row",
        "update marts.fct_silence_evidence set score = 0 where one_row",
    ],
    "member_silence_cause__score_within_bounds": [
        "update marts.member_silence_cause set score = 1.001 where one_row",
        "update marts.member_silence_cause set score = 0 where one_row",
        "update marts.member_silence_cause set second_score = score + 0.001 where one_row",
        "update marts.member_silence_cause set third_score = score + 0.001, second_score = score "
        "where one_row",
    ],
    "member_silence_cause__says_why": [
        "update marts.member_silence_cause set confidence_share = 1.000001 where one_row",
        "update marts.member_silence_cause set evidence_on = as_of_date + 1 where one_row",
        "update marts.member_silence_cause set evidence_en = 'Opened {measured}' where one_row",
        "update marts.member_silence_cause set evidence_zh = '' where one_row",
    ],
    "member_sleep_pool__has_entered": [
        "update marts.member_sleep_pool set days_in_pool = -1 where one_row",
        "update marts.member_sleep_pool set next_touch_on = last_touch_on where one_row",
    ],
    "int_silence__ends__there_was_a_silence": [
        "update intermediate.int_silence__ends set days_silent = -1 where one_row",
        "update intermediate.int_silence__ends set came_from_stage = 'stable' where one_row",
    ],
    "fct_stage_period__period_is_not_empty": [
        "update marts.fct_stage_period set ended_on = started_on - 1 where one_row",
        "update marts.fct_stage_period set dwell_days = 0 where one_row",
    ],
    "int_churn_signal__most_at_risk__is_a_probability": [
        "update intermediate.int_churn_signal__most_at_risk set p_no_purchase = 1.000001 where one_row",
        "update intermediate.int_churn_signal__most_at_risk set level_order = 0 where one_row",
        "update intermediate.int_churn_signal__most_at_risk set evidence_on = as_of_date + 1 where one_row",
        "update intermediate.int_churn_signal__most_at_risk set sentence_en = '{chance}%' where one_row",
    ],
    "fct_churn_signal__says_it_in_both_languages": [
        "update marts.fct_churn_signal set sentence_en = 'Usually every {expected} days' where one_row",
        "update marts.fct_churn_signal set sentence_zh = '' where one_row",
    ],
    "fct_churn_signal__evidence_is_not_later": [
        "update marts.fct_churn_signal set evidence_on = as_of_date + 1 where one_row",
        "update marts.fct_churn_signal set measured_value = -1 where one_row",
    ],
    "member_attributes__shares_within_bounds": [
        "update marts.member_attributes set promo_order_share = 1.000001 where one_row",
        "update marts.member_attributes set discount_share = -0.000001 where one_row",
        "update marts.member_attributes set tenure_days = -1 where one_row",
        "update marts.member_attributes set refunds_365d = null where one_row",
    ],
    "int_member_interactions__preferred_is_the_most_used": [
        "update intermediate.int_member_interactions set preferred_interaction = null "
        "where rowid = (select min(rowid) from intermediate.int_member_interactions where live_events > 0)",
        "update intermediate.int_member_interactions set live_events = -1000000 where one_row",
    ],
    "member_churn_warning__says_why_and_by_when": [
        "update marts.member_churn_warning set sentence_en = '{chance}% likely' where one_row",
        "update marts.member_churn_warning set sentence_en = 'Usually every {expected} days' where one_row",
        "update marts.member_churn_warning set sentence_zh = '' where one_row",
        "update marts.member_churn_warning set due_on = as_of_date - 1 where one_row",
    ],
    "fct_warning_episode__answers_and_returns_come_after_the_warning": [
        "update marts.fct_warning_episode set returned_on = started_on where one_row",
        "update marts.fct_warning_episode set answered_on = started_on, answer = 'sms' where one_row",
        "update marts.fct_warning_episode set answered_on = null, answer = 'sms' where one_row",
    ],
    "fct_warning_outcome__money_needs_a_return_or_a_refund": [
        "insert into marts.fct_warning_outcome by name select false as is_returned, 0.01 as net_amount",
    ],
    "fct_warning_effect__interval_holds_the_effect": [
        "insert into marts.fct_warning_effect by name select 2 as answerable_members, 2 as held_out_members, "
        "1 as effect, 1 as effect_lower, 2 as effect_upper",
        "insert into marts.fct_warning_effect by name select 2 as answerable_members, 1 as held_out_members, "
        "1 as effect, 0 as effect_lower, 2 as effect_upper",
    ],
    "campaign_answers__an_answer_or_why_not": [
        "update seeds.campaign_answers set campaign = null where why_not is null",
        "update seeds.campaign_answers set campaign = 'second_order' where why_not is not null",
    ],
    "why_no_campaign__is_said_in_both_languages": [
        "update seeds.why_no_campaign set label_zh = '' where one_row",
    ],
    "aud_campaign_weeks__starts_no_earlier_than_the_week": [
        "update audiences.aud_campaign_weeks set starts_on = campaign_week - interval 1 day where one_row",
        "update audiences.aud_campaign_weeks set starts_on = null where one_row",
    ],
    "aud_open_complaints__is_open_since_its_day": [
        "update audiences.aud_open_complaints set opened_on = as_of_date + interval 1 day where one_row",
    ],
    "member_churn_warning__open_problems_first": [
        "update marts.member_churn_warning set action = 'repair', is_unsolved = false where one_row",
        "update marts.member_churn_warning set action = '' where one_row",
    ],
    "fct_churn_signal_performance__fired_are_among_the_watched": [
        "update marts.fct_churn_signal_performance set fired_members = watched_members + 1 where one_row",
        "update marts.fct_churn_signal_performance set fired_lost_members = fired_members + 1 where one_row",
        "update marts.fct_churn_signal_performance set lost_members = watched_members + 1 where one_row",
    ],
    "dayparts__hours_are_of_a_day": [
        "update seeds.dayparts set from_hour = 24 where one_row",
        "update seeds.dayparts set to_hour = -1 where one_row",
        "update seeds.dayparts set to_hour = from_hour where one_row",
    ],
    "preferences__shares_are_shares": [
        "update seeds.preferences set least_share = 1.000001 where one_row",
        "update seeds.preferences set least_choices = 0 where one_row",
    ],
    "int_member_choice_totals__next_is_later": [
        "update intermediate.int_member_choice_totals set next_known_on = known_on where one_row",
        "update intermediate.int_member_choice_totals set choices = 0 where one_row",
    ],
    "member_preference__a_preference_has_its_share": [
        f"update marts.member_preference set {share} = {value} where rowid = "
        f"(select min(rowid) from marts.member_preference where {share} is not null)"
        for share in ("daypart_share", "category_share", "brand_share", "pack_size_share")
        for value in ("1.000001", "0", "null")
    ],
    "tags__subject_is_known": ["update seeds.tags set subject = 'shop' where one_row"],
    "attributes__subject_is_known": ["update seeds.attributes set subject = 'shop' where one_row"],
    "offer_rules__tags_are_of_their_subject": [
        "update seeds.offer_rules set member_tag = 'scarce' where one_row",
        "update seeds.offer_rules set product_tag = 'new_member' where one_row",
        "update seeds.offer_rules set product_tag = 'nothing' where one_row",
    ],
    "dim_tag_path__no_clause_is_lost": [
        "update marts.dim_tag_path set clauses = 7 where one_row",
        "update marts.dim_tag_path set clauses = 0 where one_row",
    ],
    "dim_tag_lineage__attributes_name_their_source": [
        "update marts.dim_tag_lineage set source_columns = null "
        "where rowid = (select min(rowid) from marts.dim_tag_lineage where link = 'made_of')",
        "update marts.dim_tag_lineage set source_model = 'member_rfm' "
        "where rowid = (select min(rowid) from marts.dim_tag_lineage where link = 'used_by')",
    ],
    "fct_tag_lift__shares_within_bounds": [
        "update marts.fct_tag_lift set buyer_share = 1.000001 where one_row",
        "update marts.fct_tag_lift set buyer_without_share = -0.000001 where one_row",
        "update marts.fct_tag_lift set members = 0 where one_row",
    ],
    "fct_tag_coverage__share_is_as_expected": [
        "update marts.fct_tag_coverage set is_as_expected = false where one_row",
    ],
    "fct_tag_coverage__share_is_steady": [
        "update marts.fct_tag_coverage set is_steady = false where one_row",
    ],
    "int_offers__member_products__counts_are_parts": [
        "update intermediate.int_offers__member_products set promo_lines = order_lines + 1 where one_row",
        "update intermediate.int_offers__member_products set last_bought_on = as_of_date + 1 where one_row",
        "update intermediate.int_offers__member_products set purchase_days = 0 where one_row",
    ],
    "int_offers__audiences__index_is_positive": [
        "update intermediate.int_offers__audiences set audience_index = 0 where one_row",
        "update intermediate.int_offers__audiences set buyers = 0 where one_row",
    ],
    "int_offers__product_stores__state_agrees_with_units": [
        "update intermediate.int_offers__product_stores set units = 0 where rowid = "
        "(select min(rowid) from intermediate.int_offers__product_stores where delivery_state = 'in_store')",
        "update intermediate.int_offers__product_stores set counted_on = as_of_date + 1 where one_row",
    ],
    "fct_product_attributes__counts_are_not_negative": [
        "update marts.fct_product_attributes set buyers = -1 where one_row",
        "update marts.fct_product_attributes set in_stock_store_share = 1.000001 where one_row",
    ],
    "fct_product_attributes__sales_within_bounds": [
        "update marts.fct_product_attributes set category_buyer_share = 1.000001 where one_row",
        "update marts.fct_product_attributes set repeat_buyer_share = null where rowid = "
        "(select min(rowid) from marts.fct_product_attributes where buyers > 0)",
        "update marts.fct_product_attributes set replenishment_days = -1 where one_row",
    ],
    # audiences
    "aud_decisions__included_with_an_arm_or_dropped_with_a_reason": [
        "update audiences.aud_decisions set is_included = not is_included where one_row",
        "update audiences.aud_decisions set arm = null where rowid = "
        "(select min(rowid) from audiences.aud_decisions where is_included)",
    ],
    "aud_call_queue__state_fits_its_day": [
        f"insert into audiences.aud_call_queue (saved_amount, call_state, called_on) values ({values})"
        for values in (
            "-0.01, 'open', null",
            "1, 'open', '2025-01-13'",
            "1, 'done', null",
            "1, 'no_answer', null",
        )
    ],
    "aud_journeys__state_fits_its_dates": [
        "insert into audiences.aud_journeys "
        "(entry_week, as_of_date, state, exit_reason, exited_on, steps_sent, last_sent_on, next_step_no, "
        f"plan, failure) values ('2025-01-06', '2025-01-19', {values})"
        for values in (
            # Over without a reason; left before the entry; left after the day; over with a step to come.
            "'exited', null, null, 0, null, null, null, null",
            "'exited', 'returned', '2025-01-05', 0, null, null, 'growing', null",
            "'exited', 'returned', '2025-01-20', 0, null, null, 'growing', null",
            "'exited', 'returned', '2025-01-06', 0, null, 1, 'growing', null",
            # Over without a plan; a plan while it runs; sent before the entry; sent and no day.
            "'exited', 'returned', '2025-01-06', 0, null, null, null, null",
            "'advanced', null, null, 0, null, null, 'growing', null",
            "'advanced', null, null, 1, '2025-01-05', null, null, null",
            "'advanced', null, null, 1, null, null, null, null",
            # At its end without a failure; a failure although the member returned.
            "'exited', 'completed', '2025-01-06', 0, null, null, 'none', null",
            "'exited', 'returned', '2025-01-06', 0, null, null, 'growing', 'no_interest'",
        )
    ],
    "aud_touches__due_steps__due_within_the_week": [
        "insert into audiences.aud_touches__due_steps (entry_week, campaign_week, due_on, status) "
        f"values {values}"
        for values in (
            "('2025-01-06', '2025-01-13', '2025-01-12', 'planned')",
            "('2025-01-13', '2025-01-13', '2025-01-13', 'planned')",
            "('2025-01-06', '2025-01-13', '2025-01-13', 'sent')",
        )
    ],
    "aud_touch_outcomes__nothing_before_it_was_sent": [
        "insert into audiences.aud_touch_outcomes (planned_on, capped_on, sent_on, ordered_on, redeemed_on) "
        f"values {values}"
        for values in (
            "(null, null, null, null, null)",
            "(null, '2025-01-13', '2025-01-13', null, null)",
            "('2025-01-13', null, null, '2025-01-14', null)",
            "('2025-01-13', null, '2025-01-13', '2025-01-12', null)",
            "('2025-01-13', null, '2025-01-13', null, '2025-01-12')",
        )
    ],
    "int_offers__replenishments__state_is_known": [
        "update intermediate.int_offers__replenishments set replenishment = 'soon' where one_row",
        "update intermediate.int_offers__replenishments "
        "set replenishment = 'due', due_on = as_of_date + 1 where one_row",
    ],
    "fct_member_offer__has_a_reason": [
        "update marts.fct_member_offer set matched_rules = 0 where one_row",
        "update marts.fct_member_offer set starts_on = as_of_date where one_row",
    ],
    "fct_offer_hit_rate__hits_are_offers": [
        "update marts.fct_offer_hit_rate set hits = offers + 1 where one_row",
        "update marts.fct_offer_hit_rate set random_hit_share = null where one_row",
    ],
    "aud_changes__evaluated_by_the_change_that_is_shown": [
        "update audiences.aud_changes set members = -1 where one_row",
        "update audiences.aud_changes set is_size_ordinary = false, size_change_ratio = 0 where one_row",
        "update audiences.aud_changes set is_composition_ordinary = false where one_row",
    ],
    # serving
    "stg_rekindle__builds__names_the_build": [
        "update staging.stg_rekindle__builds set build_id = '' where one_row"
    ],
}

SINGULAR: dict[str, list[str]] = {
    "probability_in_use_is_right": [
        "update marts.fct_churn_bias set is_alarm = true where method = 'champion' "
        "and as_of_date = (select max(as_of_date) from marts.fct_churn_bias)",
    ],
    "waterfall_adds_up": [
        "update audiences.aud_waterfall set members = members + 1 where one_row",
        "delete from audiences.aud_waterfall where rowid = "
        "(select arg_max(rowid, members) from audiences.aud_waterfall where outcome <> 'matched')",
    ],
    "no_holdout_is_contacted": [
        # everybody is held out
        "update seeds.global_holdouts set share = 1",
        "update audiences.aud_decisions set is_included = true where drop_reason = 'global_holdout'",
        # not an entry: a step of a journey
        "insert into audiences.aud_planned_touches (member_key, campaign_week, is_sealed) "
        "select member_key, campaign_week, false from audiences.aud_decisions "
        "where drop_reason = 'global_holdout' limit 1",
        # in a queue of a store
        "insert into audiences.aud_call_queue (member_key, campaign_week, is_sealed) "
        "select member_key, campaign_week, false from audiences.aud_decisions "
        "where drop_reason = 'global_holdout' limit 1",
        # whoever is warned is held out, or not known to be drawn
        "update marts.member_churn_warning set is_held_out = true",
        "update marts.member_churn_warning set is_held_out = null",
    ],
    "the_held_out_were_left_alone": [
        # by every campaign, by one that answers warnings alone
        "update core.fct_touch set campaign_code = 'second_order'",
        "update core.fct_touch set campaign_code = 'high_risk_call' where member_key in "
        "(select member_key from audiences.aud_decisions__held_out where campaign = 'high_risk_call') "
        "and member_key not in "
        "(select member_key from audiences.aud_decisions__held_out where campaign = 'every')",
    ],
    "no_step_follows_an_end": [
        "insert into audiences.aud_journeys "
        "(campaign, entry_week, member_key, as_of_date, state, exit_reason, exited_on, steps_sent) "
        "select campaign, entry_week, member_key, campaign_week - 1, 'exited', 'returned', "
        "campaign_week - 1, 0 from audiences.aud_planned_touches where not is_sealed limit 1",
    ],
    "steps_go_once_and_in_order": [
        "insert into audiences.aud_planned_touches select * replace ("
        f"planned_touch_id || '+' as planned_touch_id, {values}) from audiences.aud_planned_touches limit 1"
        for values in (
            # Twice; the next one on the same day; the next one before it.
            "planned_on + 7 as planned_on",
            "step_no + 1 as step_no",
            "step_no + 1 as step_no, planned_on - 1 as planned_on",
        )
    ],
    "a_return_is_answered_by_its_stage": [
        "insert into audiences.aud_journeys "
        "(member_key, as_of_date, state, exit_reason, exited_on, steps_sent, plan) "
        f"select member_key, as_of_date, 'exited', 'returned', as_of_date, 0, {plan} "
        "from marts.member_lifecycle limit 1"
        for plan in ("if(stage = 'stable', 'growing', 'stable')", "null", "stage || '?'")
    ],
    "only_treated_entries_are_contacted": [
        "update audiences.aud_decisions set arm_role = 'control' where arm_role = 'treatment'",
        "update audiences.aud_planned_touches set member_key = -member_key where one_row",
    ],
    "nobody_is_contacted_without_an_address": ["delete from core.int_contact_channels"],
    "nobody_is_contacted_without_consent": [
        "update core.fct_contact_permission set is_allowed = false",
        "delete from core.fct_contact_permission",
    ],
    "no_week_takes_a_member_twice": [
        "insert into audiences.aud_decisions select * replace ('another' as campaign) "
        "from audiences.aud_decisions where is_included limit 1",
    ],
    "no_cap_is_exceeded": [
        "update seeds.contact_caps set most_touches = 0",
        # another campaign's touches of the same day; one sent within the days before
        "insert into audiences.aud_planned_touches "
        "select touches.* replace (planned_touch_id || copy as planned_touch_id) "
        "from audiences.aud_planned_touches as touches, range(5) as copies(copy)",
        "insert into audiences.aud_touches__contacts "
        "select campaign_week, member_key, channel, planned_on - 6, "
        "planned_touch_id || copy from audiences.aud_planned_touches, range(4) as copies(copy)",
    ],
    "every_member_has_a_stage": [
        "delete from marts.member_lifecycle where one_row",
        "delete from marts.member_activity where one_row",
    ],
    "newest_as_of_date_has_members": [
        "delete from core.dim_as_of_date",
        f"delete from marts.member_lifecycle where {_LAST_SUNDAY}",
    ],
    "fold_conserves_money": [
        # one cent lost, one member lost, an order counted twice
        "update marts.member_activity set net_amount = net_amount - 0.01 where one_row",
        "delete from marts.member_activity where rowid = "
        "(select arg_max(rowid, net_amount) from marts.member_activity)",
        "insert into core.fct_order select * from core.fct_order where rowid = "
        "(select arg_min(rowid, ordered_on) from core.fct_order "
        "where is_purchase and member_key is not null)",
        "delete from core.fct_refund where rowid = "
        "(select arg_max(rowid, refunded_amount) from core.fct_refund where member_key is not null "
        "and refunded_on < date '2025-06-01')",
    ],
    "identity_has_converged": [
        # a member of several records falls apart
        "update core.int_identity__members set member_key = record_key where rowid = "
        "(select min(rowid) from core.int_identity__members where not is_anchor)",
        # two who are kept apart stay one member
        "insert into staging.stg_rekindle__identity_decisions by name select 'x' as decision_id, "
        "false as is_merge, record_key, member_key as other_record_key, date '2025-01-01' as decided_on "
        "from core.int_identity__members where not is_anchor limit 1",
    ],
    "rfm_scores_follow_values": [
        # equal values, unequal scores
        "update marts.member_rfm set frequency_score = 6 - frequency_score where rowid = (select min(rowid) "
        "from marts.member_rfm where frequency_score in (1, 5) and category_group = 'fast_moving')",
        # the best value, the lowest score
        "update marts.member_rfm set monetary_score = 1 where rowid = "
        "(select arg_max(rowid, net_amount) from marts.member_rfm where category_group = 'fast_moving')",
    ],
    "rfm_cells_cover_every_score_once": [
        # a gap, an overlap
        "update seeds.rfm_cells set recency_from = recency_from + 1 where named_cell = 'champion'",
        "update seeds.rfm_cells set monetary_to = monetary_to + 1 where named_cell = 'frequent_small'",
    ],
    "dayparts_cover_every_hour_once": [
        # a gap, an overlap, a day that is counted twice
        "update seeds.dayparts set to_hour = to_hour - 1 where one_row",
        "update seeds.dayparts set from_hour = from_hour - 1 where one_row",
        "insert into seeds.dayparts by name select 'all_day' as daypart, 3 as from_hour, 4 as to_hour "
        "union all select 'again', 4, 3",
    ],
    "rfm_migration_adds_up": [
        # one who left, one who stayed, one who was forgotten, one who came from elsewhere
        "delete from marts.fct_rfm_migration where rowid = "
        "(select min(rowid) from marts.fct_rfm_migration where to_cell = 'none')",
        "update marts.fct_rfm_migration set members = members + 1 where one_row",
        "delete from marts.member_rfm where one_row",
        "update marts.fct_rfm_migration set from_cell = 'champion' where rowid = "
        "(select min(rowid) from marts.fct_rfm_migration where from_cell = 'loyal')",
    ],
    "growth_points_add_up": [
        "update marts.member_growth set growth_points = growth_points + 1 where one_row",
        "delete from marts.fct_growth_ledger where rowid = "
        "(select arg_max(rowid, earned_on) from marts.fct_growth_ledger)",
    ],
    "growth_statement_adds_up": [
        # a point too many, a line lost, a line in another's name
        "update marts.fct_growth_statement set points = points + 1 where one_row",
        "delete from marts.fct_growth_statement where one_row",
        "update marts.fct_growth_statement set member_key = -1 where one_row",
    ],
    "no_queue_beyond_its_capacity": [
        # a store that can call nobody, nobody anywhere else
        "insert into seeds.response_capacity select distinct response_queue, 0 from audiences.aud_call_queue",
        "update seeds.response_capacity set members_per_week = 0",
    ],
    "warning_outcomes_add_up": [
        # in this build no window is over, so whatever is counted is too much
        "insert into marts.fct_warning_outcome by name select 28 as horizon_days, 0.00 as net_amount",
        "update marts.fct_warning_episode set is_start_known = true, started_on = started_on - 90 "
        "where one_row",
    ],
    "offers_keep_their_promises": [
        # out of stock, not carried, one too many, before it is due, refunded yesterday
        "update intermediate.int_offers__product_stores set units = 0 "
        "where (as_of_date, source, store_id, product_id) in "
        "(select (as_of_date, source, store_id, product_id) from marts.fct_member_offer)",
        "delete from intermediate.int_offers__product_stores "
        "where (as_of_date, source, store_id, product_id) in "
        "(select (as_of_date, source, store_id, product_id) from marts.fct_member_offer)",
        "update seeds.tag_settings set value = '1' where setting = 'offers_per_member'",
        "update intermediate.int_offers__replenishments set replenishment = 'early'",
        "update core.fct_refund set refunded_on = (select max(as_of_date) from marts.fct_member_offer)",
    ],
    "offer_reasons_add_up": [
        "update marts.fct_member_offer set total_weight = total_weight + 1 where one_row",
        "update intermediate.int_offers__reasons set weight = weight + 1 where one_row",
        "delete from intermediate.int_offers__reasons where one_row",
        "delete from marts.fct_member_offer where one_row",
    ],
    "churn_coefficients_keep_to_their_sign_limits": [
        "update staging.stg_rekindle__churn_coefficients set coefficient = -1 "
        "where feature = 'purchase_gap_log'",
        "update staging.stg_rekindle__churn_coefficients set coefficient = 1 where feature = 'orders_log'",
    ],
    "churn_reasons_add_up": [
        "update marts.fct_churn_reason set contribution = contribution + 0.001 where family = 'rhythm' "
        "and (member_key, as_of_date, horizon_days) = (select (member_key, as_of_date, horizon_days) "
        "from marts.fct_churn_reason where contribution between -1 and 1 order by all limit 1)",
        "delete from marts.fct_churn_reason where family = 'baseline'",
        "update marts.fct_churn_reason set member_key = -1 where one_row",
    ],
    "stage_flow_adds_up": [
        "update serving.srv_lifecycle_flow set members = members + 1 where one_row",
        "delete from serving.srv_lifecycle_flow where one_row",
        f"delete from serving.srv_lifecycle_flow where {_LAST_SUNDAY}",
    ],
    "stage_periods_have_no_gaps": [
        "update marts.fct_stage_period set ended_on = ended_on - 1 where rowid = "
        "(select min(rowid) from marts.fct_stage_period where not is_open and ended_on > started_on)",
        "update marts.fct_stage_period set started_on = started_on - 1 where rowid = (select min(rowid) "
        "from marts.fct_stage_period where previous_stage is not null)",
    ],
}
