-- How many had registered so many days before a webinar, by the calendar of its own time zone. Every day has a row, but
-- for those to come; who registered before the first of these days counts on it.
{%- set lead = var('gotowebinar_lead_days', 60) %}
with numbers as (
    {{- gotowebinar.numbers(lead) }}
),

webinars as (
    select webinar_key, greatest(0, days_to_go) as days_to_go
    from {{ ref('gotowebinar__webinars') }}
    where days_to_go is not null
),

days as (
    select
        webinar_key,
        least({{ lead }}, days_ahead) as days_ahead,
        count(*) as registrations
    from {{ ref('gotowebinar__registrations') }}
    where days_ahead >= 0
    group by webinar_key, least({{ lead }}, days_ahead)
)

select
    webinars.webinar_key,
    numbers.number as days_ahead,
    coalesce(days.registrations, 0) as registrations,
    cast(
        sum(coalesce(days.registrations, 0)) over (
            partition by webinars.webinar_key
            order by numbers.number desc
            rows between unbounded preceding and current row
        ) as {{ dbt.type_bigint() }}
    ) as registrations_so_far
from webinars
inner join numbers on numbers.number >= least(webinars.days_to_go, {{ lead }})
left join days on webinars.webinar_key = days.webinar_key and numbers.number = days.days_ahead
