{# Tests that other packages have, too: this one needs no other. #}

{# Columns that identify a row: no two rows have the same values, and none is missing. #}
{% test primary_key(model, columns) %}
select {{ columns | join(", ") }}
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1 or {{ columns | join(" is null or ") }} is null
{% endtest %}

{% test between(model, column_name, least, most) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ least }} or {{ column_name }} > {{ most }}
{% endtest %}

{# Figures that add up: the sum of some columns is another one. #}
{% test adds_up(model, whole, parts) %}
select {{ whole }}, {{ parts | join(", ") }}
from {{ model }}
where {{ whole }} <> {{ parts | join(" + ") }}
{% endtest %}
