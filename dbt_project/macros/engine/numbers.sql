{# Numbers that must come out the same on every engine. #}

{# 60 bits of md5 as a positive bigint: an integer key that any engine can make from text. #}
{% macro text_key(text) -%}
    {{ return(adapter.dispatch('text_key')(text)) }}
{%- endmacro %}

{% macro default__text_key(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 15), 16, 10) as bigint)
{%- endmacro %}

{% macro duckdb__text_key(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}


{# A draw in [0, 1) that is a member's own for every salt: the first 15 hexadecimal digits of md5(salt:key) as a
   fraction, the same on every engine and in Python. #}
{% macro hash_fraction(salt, key) -%}
    cast({{ text_key(salt ~ " || ':' || cast(" ~ key ~ " as " ~ dbt.type_string() ~ ")") }} as double) / 1152921504606846976
{%- endmacro %}


{# A name for what several columns tell together, the same whenever and wherever it is made. #}
{% macro named_by(columns) -%}
    md5(
        {%- for column in columns -%}
        cast({{ column }} as {{ dbt.type_string() }}){{ "" if loop.last else " || ':' || " }}
        {%- endfor -%}
    )
{%- endmacro %}


{# Counts and sums of integers as bigint (some engines widen to 128 bits). #}
{% macro integer_sum(expression) -%}
    cast(sum({{ expression }}) as bigint)
{%- endmacro %}


{# Sums of money keep two decimals and never become floating point. #}
{% macro money_sum(expression) -%}
    cast(sum({{ expression }}) as decimal(18, 2))
{%- endmacro %}


{# The exact product of two decimals, the first with at most four decimals. DuckDB gives the product of two numbers of
   at most 18 digits no more than 18 itself: the square of ten million would not fit. #}
{% macro exact_product(left, right) -%}
    {{ return(adapter.dispatch('exact_product')(left, right)) }}
{%- endmacro %}

{% macro default__exact_product(left, right) -%}
    {{ left }} * {{ right }}
{%- endmacro %}

{% macro duckdb__exact_product(left, right) -%}
    cast({{ left }} as decimal(38, 4)) * {{ right }}
{%- endmacro %}


{# A share between 0 and 1 with six decimals, empty when there is nothing to divide by. #}
{% macro share(part, whole) -%}
    cast(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0) as decimal(9, 6))
{%- endmacro %}


{# Money with two decimals: a difference of sums would widen by a digit on some engines. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}


{# A quotient with six decimals that need not lie between 0 and 1, empty when there is nothing to divide by. #}
{% macro ratio(part, whole) -%}
    cast(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0) as decimal(18, 6))
{%- endmacro %}


{# Only for comparing and for rounded results: last digits may differ between engines. #}
{% macro square_root(expression) -%}
    sqrt(cast({{ expression }} as double))
{%- endmacro %}


{# The natural logarithm of a count or amount and one: 0 stays 0, and what is large stays comparable. #}
{% macro log_of_one_more(expression) -%}
    cast(ln(1 + cast({{ expression }} as double)) as decimal(12, 6))
{%- endmacro %}


{# Log-odds of a probability of six decimals, kept half a unit of the last away from 0 and 1. #}
{% macro log_odds(probability) -%}
    cast(
        ln(
            least(greatest(cast({{ probability }} as double), 0.0000005), 0.9999995)
            / (1 - least(greatest(cast({{ probability }} as double), 0.0000005), 0.9999995))
        ) as decimal(18, 9)
    )
{%- endmacro %}


{# Quantile of the standard normal by a rational function of sqrt(-2 ln(tail)), off by less than 0.00045 [Abramowitz,
   Stegun 1964, 26.2.23]; `probability` is a column strictly between 0 and 1. #}
{% macro normal_quantile(probability) -%}
    {%- set root = 'sqrt(-2 * ln(least(' ~ probability ~ ', 1 - ' ~ probability ~ ')))' -%}
    {%- set above = '2.515517 + 0.802853 * ' ~ root ~ ' + 0.010328 * power(' ~ root ~ ', 2)' -%}
    {%- set below = '1 + 1.432788 * ' ~ root ~ ' + 0.189269 * power(' ~ root ~ ', 2) + 0.001308 * power(' ~ root ~ ', 3)' -%}
    case when {{ probability }} < 0.5 then -1 else 1 end * ({{ root }} - ({{ above }}) / ({{ below }}))
{%- endmacro %}


{# Quantile of the gamma distribution with a mean and a mean square [Wilson, Hilferty 1931], from that of the normal. #}
{% macro gamma_quantile(normal, mean, mean_square) -%}
    {%- set variation = 'greatest(' ~ mean_square ~ ' / power(' ~ mean ~ ', 2) - 1, 0)' -%}
    {{ mean }} * power(greatest(1 - {{ variation }} / 9 + {{ normal }} * sqrt({{ variation }}) / 3, 0), 3)
{%- endmacro %}
