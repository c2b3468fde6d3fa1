-- What is usual: how many had registered so many days before, on average over the webinars that were held.
select
    pace.days_ahead,
    avg(cast(pace.registrations_so_far as {{ gotowebinar.type_double() }})) as registrations_so_far,
    count(*) as webinars
from {{ ref('gotowebinar__registration_pace') }} as pace
inner join {{ ref('gotowebinar__webinars') }} as webinars on pace.webinar_key = webinars.webinar_key
where webinars.state = 'held' and webinars.registrants > 0
group by pace.days_ahead
