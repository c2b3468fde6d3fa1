-- The sessions that were held, told from practice: where nobody came, at a time for which nothing was planned.
with attended as (
    select
        session_key,
        count(*) as attended,
        sum(seconds_attended) as seconds_attended
    from {{ ref('stg_gotowebinar__attendees') }}
    where seconds_attended > 0
    group by session_key
),

-- A session for each date it overlaps.
planned as (
    select
        sessions.session_key,
        count(*) as dates
    from {{ ref('stg_gotowebinar__sessions') }} as sessions
    inner join {{ ref('stg_gotowebinar__webinar_dates') }} as dates on sessions.webinar_key = dates.webinar_key
    where sessions.started_at < dates.planned_end_at and sessions.ended_at > dates.planned_start_at
    group by sessions.session_key
)

select
    sessions.session_key,
    sessions.webinar_key,
    sessions.webinar_name,
    zones.time_zone,
    sessions.started_at,
    sessions.ended_at,
    {{ dbt.datediff('sessions.started_at', 'sessions.ended_at', 'second') }} as seconds_held,
    sessions.registrants_attended,
    coalesce(attended.attended, 0) as attended,
    attended.seconds_attended,
    coalesce(attended.attended, sessions.registrants_attended, 0) = 0 and planned.dates is null as is_practice
from {{ ref('stg_gotowebinar__sessions') }} as sessions
left join attended on sessions.session_key = attended.session_key
left join planned on sessions.session_key = planned.session_key
left join {{ ref('int_gotowebinar__time_zones') }} as zones on sessions.time_zone = zones.time_zone
