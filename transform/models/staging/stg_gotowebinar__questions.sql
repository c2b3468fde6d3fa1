{%- set loaded = gotowebinar.stream('questions') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'questionKey') }} as question_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'question') }} as question,
    {{ gotowebinar.text(loaded, 'askedBy') }} as asked_by,
    {{ gotowebinar.text(loaded, 'askerKey') }} as asker_key,
    {{ gotowebinar.timestamp(loaded, 'dateAsked') }} as asked_at,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
