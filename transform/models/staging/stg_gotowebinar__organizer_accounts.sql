{%- set loaded = gotowebinar.stream('organizers') -%}

select
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.element_text('accountKey') }} as account_key,
    {{ gotowebinar.element_text('name') }} as name
from {{ loaded.rows }}, {{ gotowebinar.elements(loaded, 'accounts') }}
