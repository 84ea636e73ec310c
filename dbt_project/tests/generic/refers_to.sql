{# Every filled value of the column exists in the other model's column. With `per` (a column of both) values are looked
   up within it, and what delivered nothing at all to the other model is passed over: an optional table that is missing
   never breaks a build. #}
{% test refers_to(model, column_name, to, field, per=none) %}
select child.{{ column_name }}
from {{ model }} as child
left join {{ to }} as parent
    on
        child.{{ column_name }} = parent.{{ field }}
        {%- if per %}
        and child.{{ per }} = parent.{{ per }}
        {%- endif %}
where
    child.{{ column_name }} is not null
    and parent.{{ field }} is null
    {%- if per %}
    and child.{{ per }} in (select known.{{ per }} from {{ to }} as known)
    {%- endif %}
{% endtest %}
