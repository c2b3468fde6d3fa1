{%- set loaded = gotowebinar.stream('registrant_removals') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.timestamp(loaded, 'removedAt') }} as removed_at,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
