{# A stream as a loader left it: where its rows are, and which columns they have.

   Columns are found whatever the loader did to their case: target-postgres keeps webinarKey, target-duckdb writes
   webinarkey, Snowflake may have WEBINARKEY. A column that was deselected is null; a stream that was never loaded has
   no rows. #}
{% macro stream(name) %}
    {%- set table = source('gotowebinar', name) -%}
    {%- set columns = {} -%}
    {%- set found = none -%}
    {%- if execute -%}
        {%- set found = adapter.get_relation(table.database, table.schema, table.identifier) -%}
        {%- if found is not none -%}
            {%- for column in adapter.get_columns_in_relation(found) -%}
                {%- do columns.update({column.name | lower: adapter.quote(column.name)}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- do return({
        "rows": table if found is not none or not execute else "(select 1 as nothing limit 0) as " ~ name,
        "columns": columns,
    }) -%}
{% endmacro %}

{% macro column(loaded, name, type) %}
    {%- set found = loaded.columns.get(name | lower) -%}
    cast({{ found if found else 'null' }} as {{ type }})
{%- endmacro %}

{% macro text(loaded, name) %}{{ gotowebinar.column(loaded, name, dbt.type_string()) }}{% endmacro %}
{% macro integer(loaded, name) %}{{ gotowebinar.column(loaded, name, dbt.type_bigint()) }}{% endmacro %}
{% macro float(loaded, name) %}{{ gotowebinar.column(loaded, name, gotowebinar.type_double()) }}{% endmacro %}
{% macro boolean(loaded, name) %}{{ gotowebinar.column(loaded, name, dbt.type_boolean()) }}{% endmacro %}
{% macro timestamp(loaded, name) %}{{ gotowebinar.column(loaded, name, gotowebinar.type_utc()) }}{% endmacro %}

{# A field inside an object, also where tap or loader made a column of it: `object__field`. #}
{% macro nested(loaded, object, field) %}
    {%- if object | lower in loaded.columns -%}
        {%- do return(gotowebinar.json_text(gotowebinar.as_json(loaded.columns[object | lower]), field)) -%}
    {%- endif -%}
    {%- do return(loaded.columns.get((object ~ '__' ~ field) | lower, "null")) -%}
{% endmacro %}

{% macro nested_text(loaded, object, field) %}cast({{ gotowebinar.nested(loaded, object, field) }} as {{ dbt.type_string() }}){% endmacro %}
{% macro nested_integer(loaded, object, field) %}{{ gotowebinar.as_integer(gotowebinar.nested(loaded, object, field)) }}{% endmacro %}
{% macro nested_float(loaded, object, field) %}cast({{ gotowebinar.nested(loaded, object, field) }} as {{ gotowebinar.type_double() }}){% endmacro %}
{% macro nested_boolean(loaded, object, field) %}cast({{ gotowebinar.nested(loaded, object, field) }} as {{ dbt.type_boolean() }}){% endmacro %}
{% macro nested_timestamp(loaded, object, field) %}{{ gotowebinar.as_timestamp(gotowebinar.nested(loaded, object, field)) }}{% endmacro %}
