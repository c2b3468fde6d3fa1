-- Which source brings people, and do they come: one row for each webinar and source.
select
    registrations.webinar_key,
    registrations.source,
    count(*) as registrants,
    {{ gotowebinar.count_if('webinars.attended is not null and registrations.is_expected') }} as expected,
    {{ gotowebinar.count_if('registrations.is_expected and registrations.has_attended') }} as expected_attended,
    {{ gotowebinar.count_if('registrations.is_no_show') }} as no_shows
from {{ ref('gotowebinar__registrations') }} as registrations
inner join {{ ref('gotowebinar__webinars') }} as webinars on registrations.webinar_key = webinars.webinar_key
group by registrations.webinar_key, registrations.source
