{%- set loaded = gotowebinar.stream('attendees') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.element_timestamp('joinTime') }} as joined_at,
    {{ gotowebinar.element_timestamp('leaveTime') }} as left_at
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'attendance') }}
