-- One row for each person and webinar.
with registrants as (
    select
        registrants.*,
        schedule.state,
        schedule.is_attendance_known,
        schedule.starts_at_local,
        {{ gotowebinar.local_time('registrants.registered_at', "coalesce(schedule.time_zone, 'UTC')") }}
            as registered_at_local,
        coalesce(registrants.type = 'LATE', false) or coalesce(registrants.registered_at > schedule.ends_at, false)
            as is_late
    from {{ ref('int_gotowebinar__registrants') }} as registrants
    left join {{ ref('int_gotowebinar__schedule') }} as schedule on registrants.webinar_key = schedule.webinar_key
),

expected as (
    select
        *,
        coalesce(status = 'APPROVED', false) and cancelled_at is null and not is_late as is_expected
    from registrants
)

select
    expected.webinar_key,
    expected.registrant_key,
    expected.email,
    expected.first_name,
    expected.last_name,
    expected.organization,
    expected.job_title,
    expected.industry,
    expected.country,
    expected.is_unsubscribed,
    coalesce(expected.source, 'not given') as source,
    expected.status,
    expected.registered_at,
    expected.registered_at_local,
    {{ dbt.datediff('cast(expected.registered_at_local as date)', 'cast(expected.starts_at_local as date)', 'day') }}
        as days_ahead,
    expected.cancelled_at,
    expected.cancelled_at is not null as is_cancelled,
    expected.is_late,
    expected.is_expected,
    attendance.registrant_key is not null as has_attended,
    coalesce(attendance.sessions_attended, 0) as sessions_attended,
    {{ gotowebinar.minutes('coalesce(attendance.seconds_attended, 0)') }} as minutes_attended,
    coalesce(attendance.stayed_to_the_end, false) as stayed_to_the_end,
    expected.is_expected
        and coalesce(expected.state = 'held' and expected.is_attendance_known, false)
        and attendance.registrant_key is null as is_no_show
from expected
left join {{ ref('int_gotowebinar__attendance') }} as attendance
    on expected.webinar_key = attendance.webinar_key and expected.registrant_key = attendance.registrant_key
