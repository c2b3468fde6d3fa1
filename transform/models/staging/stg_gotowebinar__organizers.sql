{%- set loaded = gotowebinar.stream('organizers') -%}

select
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'accountKey') }} as account_key,
    {{ gotowebinar.text(loaded, 'email') }} as email,
    {{ gotowebinar.text(loaded, 'firstName') }} as first_name,
    {{ gotowebinar.text(loaded, 'lastName') }} as last_name,
    {{ gotowebinar.text(loaded, 'displayName') }} as display_name,
    {{ gotowebinar.text(loaded, 'userName') }} as user_name,
    {{ gotowebinar.text(loaded, 'locale') }} as locale,
    {{ gotowebinar.text(loaded, 'timeZone') }} as time_zone,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
