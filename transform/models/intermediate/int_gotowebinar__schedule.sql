-- When a webinar is planned, when it was held, and what state that makes.
with dates as (
    select
        webinar_key,
        count(*) as planned_dates,
        min(planned_start_at) as first_planned_at,
        max(planned_end_at) as last_planned_end_at
    from {{ ref('stg_gotowebinar__webinar_dates') }}
    group by webinar_key
),

held as (
    select
        webinar_key,
        count(*) as sessions_held,
        min(started_at) as first_started_at,
        max(ended_at) as last_ended_at,
        sum(attended) as attended,
        sum(registrants_attended) as attended_by_goto
    from {{ ref('int_gotowebinar__sessions') }}
    where not is_practice
    group by webinar_key
),

schedule as (
    select
        webinars.webinar_key,
        coalesce(zones.time_zone, 'UTC') as time_zone,
        coalesce(dates.planned_dates, 0) as planned_dates,
        coalesce(held.sessions_held, 0) as sessions_held,
        coalesce(dates.first_planned_at, held.first_started_at) as starts_at,
        coalesce(dates.last_planned_end_at, held.last_ended_at) as ends_at,
        -- Attendees come with their own stream, which may be deselected or not be read so far.
        held.sessions_held > 0 and (held.attended > 0 or held.attended_by_goto = 0) as is_attendance_known,
        -- A webinar that is listed again after it was missed has a newer row.
        removals.removed_at is not null and not coalesce(webinars.loaded_at > removals.removed_at, false) as is_removed,
        coalesce(details.is_on_demand, false) as is_on_demand
    from {{ ref('stg_gotowebinar__webinars') }} as webinars
    left join dates on webinars.webinar_key = dates.webinar_key
    left join held on webinars.webinar_key = held.webinar_key
    left join {{ ref('stg_gotowebinar__webinar_removals') }} as removals
        on webinars.webinar_key = removals.webinar_key
    left join {{ ref('stg_gotowebinar__webinar_details') }} as details on webinars.webinar_key = details.webinar_key
    left join {{ ref('int_gotowebinar__time_zones') }} as zones on webinars.time_zone = zones.time_zone
)

select
    webinar_key,
    time_zone,
    planned_dates,
    sessions_held,
    starts_at,
    ends_at,
    {{ gotowebinar.local_time('starts_at', 'time_zone') }} as starts_at_local,
    {{ gotowebinar.local_time('ends_at', 'time_zone') }} as ends_at_local,
    {{ gotowebinar.local_time(gotowebinar.now(), 'time_zone') }} as now_local,
    is_on_demand,
    coalesce(is_attendance_known, false) as is_attendance_known,
    case
        when is_removed and sessions_held = 0 then 'cancelled'
        when starts_at > {{ gotowebinar.now() }} then 'upcoming'
        when ends_at >= {{ gotowebinar.now() }} then 'under way'
        when sessions_held > 0 then 'held'
        -- A recording has no sessions. Where no session was loaded at all, nobody can tell which webinars were held.
        when starts_at is not null and is_on_demand then 'held'
        when starts_at is not null and not exists (select 1 from {{ ref('int_gotowebinar__sessions') }}) then 'held'
        else 'not held'
    end as state
from schedule
