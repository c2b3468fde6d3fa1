-- One row for each e-mail address, or its hash, over all webinars.
with registrations as (
    select
        registrations.*,
        webinars.starts_at,
        row_number() over (
            partition by registrations.email
            order by registrations.registered_at desc, registrations.webinar_key
        ) as place
    from {{ ref('gotowebinar__registrations') }} as registrations
    left join {{ ref('int_gotowebinar__schedule') }} as webinars
        on registrations.webinar_key = webinars.webinar_key
    where registrations.email is not null
),

asked as (
    select lower(asked_by) as email, count(*) as questions
    from {{ ref('stg_gotowebinar__questions') }}
    group by lower(asked_by)
)

select
    registrations.email,
    max(case when registrations.place = 1 then registrations.first_name end) as first_name,
    max(case when registrations.place = 1 then registrations.last_name end) as last_name,
    max(case when registrations.place = 1 then registrations.organization end) as organization,
    count(*) as webinars_registered,
    {{ gotowebinar.count_if('registrations.is_cancelled') }} as webinars_cancelled,
    {{ gotowebinar.count_if('registrations.has_attended') }} as webinars_attended,
    {{ gotowebinar.count_if('registrations.is_no_show') }} as no_shows,
    {{ gotowebinar.count_if('registrations.has_attended') }} > 1 as comes_again,
    sum(registrations.minutes_attended) as minutes_attended,
    coalesce(max(asked.questions), 0) as questions,
    min(registrations.registered_at) as first_registered_at,
    max(registrations.registered_at) as last_registered_at,
    max(case when registrations.has_attended then registrations.starts_at end) as last_attended_at
from registrations
left join asked on registrations.email = asked.email
group by registrations.email
