{%- set loaded = gotowebinar.stream('polls') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'pollKey') }} as poll_key,
    {{ gotowebinar.element_text('text') }} as answer,
    {{ gotowebinar.element_float('percentage') }} as percent
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'responses') }}
