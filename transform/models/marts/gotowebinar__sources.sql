-- Which source brings people, and do they come: one row for each webinar and source.
select
    webinar_key,
    source,
    count(*) as registrants,
    {{ gotowebinar.count_if('is_expected') }} as expected,
    {{ gotowebinar.count_if('is_expected and has_attended') }} as expected_attended,
    {{ gotowebinar.count_if('is_no_show') }} as no_shows
from {{ ref('gotowebinar__registrations') }}
group by webinar_key, source
