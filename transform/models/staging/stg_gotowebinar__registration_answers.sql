{%- set loaded = gotowebinar.stream('registrant_details') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'registrantKey') }} as registrant_key,
    {{ gotowebinar.element_text('question') }} as question,
    {{ gotowebinar.element_text('answer') }} as answer
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'responses') }}
