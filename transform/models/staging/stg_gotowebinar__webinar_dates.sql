{%- set loaded = gotowebinar.stream('webinars') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.element_timestamp('startTime') }} as planned_start_at,
    {{ gotowebinar.element_timestamp('endTime') }} as planned_end_at
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'times') }}
