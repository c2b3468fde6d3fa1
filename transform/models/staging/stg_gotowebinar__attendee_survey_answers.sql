{%- set loaded = gotowebinar.stream('attendee_surveys') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.text(loaded, 'surveyKey') }} as survey_key,
    {{ gotowebinar.element() }} as answer
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'answers') }}
