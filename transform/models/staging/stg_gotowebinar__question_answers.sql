{%- set loaded = gotowebinar.stream('questions') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'questionKey') }} as question_key,
    {{ gotowebinar.element_text('answer') }} as answer,
    {{ gotowebinar.element_text('answeredBy') }} as answered_by,
    {{ gotowebinar.element_text('answererRole') }} as answerer_role,
    {{ gotowebinar.element_text('answererEmail') }} as answerer_email,
    {{ gotowebinar.element_text('answerTime') }} as answered_at
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'answers') }}
