{# Of 64 bits everywhere: what DuckDB calls float has 32. #}
{% macro type_double() %}{{ return(adapter.dispatch("type_double", "gotowebinar")()) }}{% endmacro %}
{% macro default__type_double() %}{{ return(dbt.type_float()) }}{% endmacro %}
{% macro duckdb__type_double() %}double{% endmacro %}

{# How many rows fulfil a condition. #}
{% macro count_if(condition) %}sum(case when {{ condition }} then 1 else 0 end){% endmacro %}

{# A share; null where there is nothing to share. #}
{% macro ratio(part, whole) %}cast({{ part }} as {{ gotowebinar.type_double() }}) / nullif({{ whole }}, 0){% endmacro %}

{% macro minutes(seconds) %}cast({{ seconds }} as {{ gotowebinar.type_double() }}) / 60{% endmacro %}

{# One row for each whole number from 0 to the one given. #}
{% macro numbers(upto) %}
    {%- for number in range(upto + 1) %}
    select {{ number }} as number{% if not loop.last %} union all{% endif %}
    {%- endfor %}
{% endmacro %}

{# A title of so many characters, told from equal ones by a number. #}
{% macro unique_title(title, order) %}
    {{- dbt.concat([title, "case when row_number() over (partition by " ~ title ~ " order by " ~ order ~ ") > 1 then "
        ~ dbt.concat(["' ('", "cast(row_number() over (partition by " ~ title ~ " order by " ~ order ~ ") as " ~ dbt.type_string() ~ ")", "')'"])
        ~ " else '' end"]) -}}
{% endmacro %}
