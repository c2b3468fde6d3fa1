{%- set loaded = gotowebinar.stream('attendee_surveys') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.text(loaded, 'surveyKey') }} as survey_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'question') }} as question,
    {{ gotowebinar.text(loaded, 'answer') }} as answer,
    {{ gotowebinar.text(loaded, 'questionType') }} as question_type,
    {{ gotowebinar.text(loaded, 'dateAsked') }} as asked_at_as_written,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
