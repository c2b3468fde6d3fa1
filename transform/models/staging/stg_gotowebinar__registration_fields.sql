{%- set loaded = gotowebinar.stream('registration_fields') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
