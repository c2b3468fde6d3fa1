{%- set loaded = gotowebinar.stream('co_organizers') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'memberKey') }} as member_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'givenName') }} as given_name,
    {{ gotowebinar.text(loaded, 'surname') }} as surname,
    {{ gotowebinar.text(loaded, 'email') }} as email,
    {{ gotowebinar.boolean(loaded, 'external') }} as is_external,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
