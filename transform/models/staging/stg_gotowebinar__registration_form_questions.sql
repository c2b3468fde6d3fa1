{%- set loaded = gotowebinar.stream('registration_fields') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.element_text('questionKey') }} as question_key,
    {{ gotowebinar.element_text('question') }} as question,
    {{ gotowebinar.element_boolean('required') }} as is_required,
    {{ gotowebinar.element_text('type') }} as type,
    {{ gotowebinar.element_integer('maxSize') }} as max_size,
    {{ gotowebinar.element_text('answers') }} as answers
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'questions') }}
