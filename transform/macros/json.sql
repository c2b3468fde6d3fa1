{# Lists and objects, which every database and loader keeps in its own way.
   Run on PostgreSQL and DuckDB; those for Snowflake, BigQuery and Redshift are written after their manuals, not run. #}

{# One row for each element of a list; to be used in FROM, after a comma. #}
{% macro elements(loaded, name) %}
    {%- if name | lower in loaded.columns -%}
        {{ adapter.dispatch("elements", "gotowebinar")(loaded.columns[name | lower]) }}
    {%- else -%}
        (select {{ gotowebinar.no_json() }} as value limit 0) as element
    {%- endif -%}
{% endmacro %}
{# target-postgres keeps a list as jsonb[] #}
{% macro postgres__elements(column) %}jsonb_array_elements(case when jsonb_typeof(to_jsonb({{ column }})) = 'array' then to_jsonb({{ column }}) end) as element (value){% endmacro %}
{% macro duckdb__elements(column) %}unnest(from_json(cast({{ column }} as json), '["json"]')) as element (value){% endmacro %}
{% macro snowflake__elements(column) %}lateral flatten(input => {{ column }}) as element{% endmacro %}
{% macro bigquery__elements(column) %}unnest(json_query_array({{ column }})) as value{% endmacro %}
{% macro redshift__elements(column) %}{{ column }} as value{% endmacro %}

{% macro no_json() %}{{ return(adapter.dispatch("no_json", "gotowebinar")()) }}{% endmacro %}
{% macro default__no_json() %}cast(null as json){% endmacro %}
{% macro postgres__no_json() %}cast(null as jsonb){% endmacro %}
{% macro snowflake__no_json() %}cast(null as variant){% endmacro %}
{% macro redshift__no_json() %}cast(null as super){% endmacro %}

{% macro element_value() %}{{ return(adapter.dispatch("element_value", "gotowebinar")()) }}{% endmacro %}
{% macro default__element_value() %}element.value{% endmacro %}
{% macro bigquery__element_value() %}value{% endmacro %}
{% macro redshift__element_value() %}value{% endmacro %}

{# An element that is a text. #}
{% macro element() %}{{ return(adapter.dispatch("element", "gotowebinar")()) }}{% endmacro %}
{% macro postgres__element() %}(element.value #>> '{}'){% endmacro %}
{% macro duckdb__element() %}(element.value ->> '$'){% endmacro %}
{% macro snowflake__element() %}cast(element.value as varchar){% endmacro %}
{% macro bigquery__element() %}json_value(value){% endmacro %}
{% macro redshift__element() %}cast(value as varchar){% endmacro %}

{# The fields of an element that is an object. #}
{% macro element_text(field) %}{{ gotowebinar.json_text(gotowebinar.element_value(), field) }}{% endmacro %}
{% macro element_integer(field) %}{{ gotowebinar.as_integer(gotowebinar.element_text(field)) }}{% endmacro %}
{% macro element_float(field) %}cast({{ gotowebinar.element_text(field) }} as {{ gotowebinar.type_double() }}){% endmacro %}
{% macro element_boolean(field) %}cast({{ gotowebinar.element_text(field) }} as {{ dbt.type_boolean() }}){% endmacro %}
{% macro element_timestamp(field) %}{{ gotowebinar.as_timestamp(gotowebinar.element_text(field)) }}{% endmacro %}

{% macro json_text(value, field) %}{{ return(adapter.dispatch("json_text", "gotowebinar")(value, field)) }}{% endmacro %}
{% macro default__json_text(value, field) %}({{ value }} ->> '{{ field }}'){% endmacro %}
{% macro snowflake__json_text(value, field) %}cast({{ value }}:"{{ field }}" as varchar){% endmacro %}
{% macro bigquery__json_text(value, field) %}json_value({{ value }}, '$.{{ field }}'){% endmacro %}
{% macro redshift__json_text(value, field) %}cast({{ value }}."{{ field }}" as varchar){% endmacro %}

{% macro as_json(column) %}{{ return(adapter.dispatch("as_json", "gotowebinar")(column)) }}{% endmacro %}
{% macro default__as_json(column) %}{{ column }}{% endmacro %}
{% macro postgres__as_json(column) %}to_jsonb({{ column }}){% endmacro %}
{% macro duckdb__as_json(column) %}cast({{ column }} as json){% endmacro %}

{# GoTo writes some whole numbers with a fraction. #}
{% macro as_integer(value) %}cast(cast({{ value }} as {{ dbt.type_numeric() }}) as {{ dbt.type_bigint() }}){% endmacro %}

{% macro as_timestamp(value) %}{{ return(adapter.dispatch("as_timestamp", "gotowebinar")(value)) }}{% endmacro %}
{% macro default__as_timestamp(value) %}cast({{ value }} as {{ gotowebinar.type_utc() }}){% endmacro %}
{% macro bigquery__as_timestamp(value) %}cast(rtrim(cast({{ value }} as string), 'Z') as datetime){% endmacro %}
