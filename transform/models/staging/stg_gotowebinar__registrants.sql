{%- set loaded = gotowebinar.stream('registrants') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'firstName') }} as first_name,
    {{ gotowebinar.text(loaded, 'lastName') }} as last_name,
    {{ gotowebinar.text(loaded, 'email') }} as email,
    {{ gotowebinar.text(loaded, 'status') }} as status,
    {{ gotowebinar.timestamp(loaded, 'registrationDate') }} as registered_at,
    {{ gotowebinar.text(loaded, 'joinUrl') }} as join_url,
    {{ gotowebinar.text(loaded, 'timeZone') }} as time_zone,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
