-- Who attended a webinar, whatever the number of its sessions, and who was there at the end of one.
with last_seen as (
    select session_key, registrant_key, max(left_at) as left_at
    from {{ ref('stg_gotowebinar__attendance_intervals') }}
    group by session_key, registrant_key
),

attended as (
    select
        attendees.webinar_key,
        attendees.registrant_key,
        attendees.seconds_attended,
        sessions.seconds_held,
        coalesce(
            {{ dbt.datediff('sessions.started_at', 'last_seen.left_at', 'second') }},
            attendees.seconds_attended
        ) as seconds_until_left
    from {{ ref('stg_gotowebinar__attendees') }} as attendees
    left join {{ ref('int_gotowebinar__sessions') }} as sessions on attendees.session_key = sessions.session_key
    left join last_seen
        on attendees.session_key = last_seen.session_key and attendees.registrant_key = last_seen.registrant_key
    where attendees.seconds_attended > 0
)

select
    webinar_key,
    registrant_key,
    count(*) as sessions_attended,
    sum(seconds_attended) as seconds_attended,
    max(case when seconds_until_left >= {{ var('gotowebinar_stayed_share', 0.9) }} * seconds_held then 1 else 0 end) = 1
        as stayed_to_the_end
from attended
group by webinar_key, registrant_key
