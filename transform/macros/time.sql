{# Times are in UTC, without a zone: so the tap sends them, and so loaders keep them. #}
{% macro type_utc() %}{{ return(adapter.dispatch("type_utc", "gotowebinar")()) }}{% endmacro %}
{% macro default__type_utc() %}timestamp{% endmacro %}
{% macro snowflake__type_utc() %}timestamp_ntz{% endmacro %}
{% macro bigquery__type_utc() %}datetime{% endmacro %}

{# The present; the variable stops the clock, for tests. #}
{% macro now() %}
    {%- set stopped = var('gotowebinar_now', none) -%}
    {%- if stopped -%}cast('{{ stopped }}' as {{ gotowebinar.type_utc() }})
    {%- else -%}{{ adapter.dispatch("now", "gotowebinar")() }}{%- endif -%}
{% endmacro %}
{% macro default__now() %}cast(current_timestamp at time zone 'UTC' as timestamp){% endmacro %}
{% macro snowflake__now() %}cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz){% endmacro %}
{% macro bigquery__now() %}current_datetime('UTC'){% endmacro %}
{% macro redshift__now() %}getdate(){% endmacro %}

{% macro local_time(moment, zone) %}{{ return(adapter.dispatch("local_time", "gotowebinar")(moment, zone)) }}{% endmacro %}
{% macro default__local_time(moment, zone) %}(({{ moment }} at time zone 'UTC') at time zone {{ zone }}){% endmacro %}
{% macro snowflake__local_time(moment, zone) %}convert_timezone('UTC', {{ zone }}, {{ moment }}){% endmacro %}
{% macro bigquery__local_time(moment, zone) %}datetime(timestamp({{ moment }}), {{ zone }}){% endmacro %}
{% macro redshift__local_time(moment, zone) %}convert_timezone('UTC', {{ zone }}, {{ moment }}){% endmacro %}

{# A condition that a text is the name of a time zone: another one would fail the whole query. #}
{% macro is_time_zone(zone) %}{{ return(adapter.dispatch("is_time_zone", "gotowebinar")(zone)) }}{% endmacro %}
{% macro default__is_time_zone(zone) %}{{ zone }} is not null{% endmacro %}
{% macro postgres__is_time_zone(zone) %}{{ zone }} in (select name from pg_timezone_names){% endmacro %}
{% macro redshift__is_time_zone(zone) %}{{ zone }} is not null{% endmacro %}
{% macro duckdb__is_time_zone(zone) %}{{ zone }} in (select name from pg_timezone_names()){% endmacro %}

{# A day as titles have it: 7 Dec 2026. #}
{% macro day_label(moment) %}{{ return(adapter.dispatch("day_label", "gotowebinar")(moment)) }}{% endmacro %}
{% macro default__day_label(moment) %}to_char({{ moment }}, 'FMDD Mon YYYY'){% endmacro %}
{% macro snowflake__day_label(moment) %}ltrim(to_char({{ moment }}, 'DD Mon YYYY'), '0'){% endmacro %}
{% macro duckdb__day_label(moment) %}strftime({{ moment }}, '%-d %b %Y'){% endmacro %}
{% macro bigquery__day_label(moment) %}ltrim(format_datetime('%e %b %Y', {{ moment }})){% endmacro %}
