{%- set loaded = gotowebinar.stream('panelists') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'panelistId') }} as panelist_id,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'name') }} as name,
    {{ gotowebinar.text(loaded, 'firstName') }} as first_name,
    {{ gotowebinar.text(loaded, 'lastName') }} as last_name,
    {{ gotowebinar.text(loaded, 'email') }} as email,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
