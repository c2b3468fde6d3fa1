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

{# A title and a day, which may be missing. #}
{% macro titled(title, moment) %}
    {{- dbt.concat([title, "coalesce(" ~ dbt.concat(["', '", gotowebinar.day_label(moment)]) ~ ", '')"]) -}}
{% endmacro %}

{# The same for the space beside a line of a chart: the beginning of the title, and the day without its year. #}
{% macro briefly_titled(title, moment) %}
    {%- set day = gotowebinar.day_label(moment) -%}
    {{- dbt.concat([
        "case when length(" ~ title ~ ") > 20 then " ~ dbt.concat(["trim(substring(" ~ title ~ ", 1, 19))", "'…'"]) ~ " else " ~ title ~ " end",
        "coalesce(" ~ dbt.concat(["', '", "substring(" ~ day ~ ", 1, length(" ~ day ~ ") - 5)"]) ~ ", '')",
    ]) -}}
{% endmacro %}

{# A number after each title but the first of those that are equal. #}
{% macro unique_title(title, order) %}
    {%- set number = "row_number() over (partition by " ~ title ~ " order by " ~ order ~ ")" -%}
    {{- dbt.concat([
        title,
        "case when " ~ number ~ " > 1 then " ~ dbt.concat(["' ('", "cast(" ~ number ~ " as " ~ dbt.type_string() ~ ")", "')'"]) ~ " else '' end",
    ]) -}}
{% endmacro %}
