{# Nodes of a trapezoidal rule over the log-odds of a beta variable: so many steps to the left of its mean and to the
   right. Left of them its density falls like a geometric series, right of them it is nothing. #}
{% macro beta_nodes() -%}
    {{ return(range(-18, 13)) }}
{%- endmacro %}


{# Step of the rule: about one standard deviation of the log-odds, or less where the first parameter is small. #}
{% macro beta_step(first, second) -%}
    least(0.65, sqrt(1 / {{ first }} + 1 / {{ second }}))
{%- endmacro %}


{# Density at a node, 1 at the mean; the leftmost node stands for all that lie left of it. As a power of the mean's
   neighbours it is nothing times without end where both parameters are large, so it is added up in logarithms; beyond
   what a floating-point number can hold it is nothing, which some engines refuse to round to by themselves. #}
{% macro beta_weight(node, step, mean, first, second) -%}
    exp(greatest(
        {{ first }} * {{ node }} * {{ step }}
        - ({{ first }} + {{ second }}) * ln(1 + {{ mean }} * (exp({{ node }} * {{ step }}) - 1)),
        -700
    ))
    * case when {{ node }} = -18 then 1 / (1 - exp(-{{ first }} * {{ step }})) else 1 end
{%- endmacro %}


{# Something summed with weights. Decimals add up to the same in every order; floating point does not. #}
{% macro weighted_mean(expression, weight) -%}
    {%- set parts = 'cast(' ~ weight ~ ' * (' ~ expression ~ ') as decimal(28, 12))' -%}
    {%- set whole = 'cast(' ~ weight ~ ' as decimal(28, 12))' -%}
    cast(sum({{ parts }}) as double) / cast(sum({{ whole }}) as double)
{%- endmacro %}
