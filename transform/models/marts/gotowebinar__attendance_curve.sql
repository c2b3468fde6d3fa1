-- How many people were there at each step of a session; who was there twice at once counts once.
{%- set step = var('gotowebinar_curve_minutes', 5) %}
with numbers as (
    {{- gotowebinar.numbers(1440 // step) }}
),

steps as (
    select
        sessions.session_key,
        sessions.webinar_key,
        sessions.attended,
        sessions.seconds_held,
        numbers.number * {{ step }} as minute,
        {{ dbt.dateadd('minute', 'numbers.number * ' ~ step, 'sessions.started_at') }} as moment
    from {{ ref('int_gotowebinar__sessions') }} as sessions
    inner join numbers on numbers.number * {{ step * 60 }} <= sessions.seconds_held
    where not sessions.is_practice
)

select
    steps.session_key,
    steps.webinar_key,
    steps.minute,
    {{ gotowebinar.ratio('steps.minute * 60', 'steps.seconds_held') }} as share_of_session,
    count(distinct intervals.registrant_key) as present,
    {{ gotowebinar.ratio('count(distinct intervals.registrant_key)', 'steps.attended') }} as share_present
from steps
left join {{ ref('stg_gotowebinar__attendance_intervals') }} as intervals
    on
        steps.session_key = intervals.session_key
        and steps.moment >= intervals.joined_at
        and steps.moment < intervals.left_at
group by steps.session_key, steps.webinar_key, steps.minute, steps.seconds_held, steps.attended
