{%- set loaded = gotowebinar.stream('attendees') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'firstName') }} as first_name,
    {{ gotowebinar.text(loaded, 'lastName') }} as last_name,
    {{ gotowebinar.text(loaded, 'email') }} as email,
    {{ gotowebinar.integer(loaded, 'attendanceTimeInSeconds') }} as seconds_attended,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
