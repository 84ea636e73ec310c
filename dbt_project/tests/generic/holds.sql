{# Every row satisfies the condition. A condition that is unknown (NULL) counts as broken, so the test cannot pass
   by accident. #}
{% test holds(model, condition) %}
select *
from {{ model }}
where not coalesce(({{ condition }}), false)
{% endtest %}
