{%- set loaded = gotowebinar.stream('polls') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'pollKey') }} as poll_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'question') }} as question,
    {{ gotowebinar.integer(loaded, 'numberOfResponses') }} as number_of_responses,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
