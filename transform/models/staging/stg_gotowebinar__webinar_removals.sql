{%- set loaded = gotowebinar.stream('webinar_removals') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.timestamp(loaded, 'removedAt') }} as removed_at,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
