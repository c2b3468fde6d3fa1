-- One row for each webinar.
with people as (
    select
        webinar_key,
        count(*) as registrants,
        {{ gotowebinar.count_if("status = 'APPROVED' and not is_cancelled") }} as approved,
        {{ gotowebinar.count_if("status = 'WAITING' and not is_cancelled") }} as waiting,
        {{ gotowebinar.count_if("status = 'DENIED' and not is_cancelled") }} as denied,
        {{ gotowebinar.count_if("is_cancelled") }} as cancelled,
        {{ gotowebinar.count_if("is_late") }} as late,
        {{ gotowebinar.count_if("is_expected") }} as expected,
        {{ gotowebinar.count_if("has_attended") }} as attended,
        {{ gotowebinar.count_if("has_attended and is_expected") }} as expected_attended,
        {{ gotowebinar.count_if("stayed_to_the_end and is_expected") }} as stayed_to_the_end,
        {{ gotowebinar.count_if("is_no_show") }} as no_shows,
        sum(minutes_attended) as minutes_attended,
        max(registered_at) as last_registered_at
    from {{ ref('gotowebinar__registrations') }}
    group by webinar_key
),

questions as (
    select webinar_key, count(*) as questions
    from {{ ref('stg_gotowebinar__questions') }}
    group by webinar_key
),

-- Marks of other scales are brought to five.
ratings as (
    select
        webinar_key,
        cast(sum(people) as {{ dbt.type_bigint() }}) as ratings,
        5 * {{ gotowebinar.ratio('sum(people * cast(rating as ' ~ gotowebinar.type_double() ~ ') / rating_top)', 'sum(people)') }}
            as rating
    from {{ ref('gotowebinar__answers') }}
    where rating is not null
    group by webinar_key
),

performance as (
    select
        webinar_key,
        avg(average_attentiveness) as attentiveness,
        avg(average_interest_rating) as interest_rating
    from {{ ref('stg_gotowebinar__session_performance') }}
    group by webinar_key
),

labelled as (
    select
        webinars.*,
        details.organizer_name,
        schedule.is_on_demand,
        details.number_of_registration_link_clicks,
        schedule.time_zone as known_time_zone,
        schedule.state,
        schedule.planned_dates,
        schedule.sessions_held,
        schedule.starts_at,
        schedule.ends_at,
        schedule.starts_at_local,
        schedule.ends_at_local,
        schedule.now_local,
        schedule.is_attendance_known,
        {{ gotowebinar.titled("coalesce(webinars.subject, 'Untitled')", 'schedule.starts_at_local') }} as label,
        {{ gotowebinar.briefly_titled("coalesce(webinars.subject, 'Untitled')", 'schedule.starts_at_local') }}
            as short_label
    from {{ ref('stg_gotowebinar__webinars') }} as webinars
    left join {{ ref('int_gotowebinar__schedule') }} as schedule on webinars.webinar_key = schedule.webinar_key
    left join {{ ref('stg_gotowebinar__webinar_details') }} as details on webinars.webinar_key = details.webinar_key
)

select
    webinars.webinar_key,
    webinars.webinar_id,
    webinars.subject,
    {{ gotowebinar.unique_title('webinars.label', 'webinars.starts_at, webinars.webinar_key') }} as title,
    {{ gotowebinar.unique_title('webinars.short_label', 'webinars.starts_at, webinars.webinar_key') }} as short_title,
    webinars.organizer_key,
    webinars.organizer_name,
    webinars.locale,
    lower(webinars.experience_type) as experience_type,
    webinars.is_on_demand,
    webinars.recurrence_type,
    coalesce(webinars.recurrence_key, webinars.webinar_key) as series_key,
    row_number() over (
        partition by coalesce(webinars.recurrence_key, webinars.webinar_key)
        order by webinars.starts_at, webinars.webinar_key
    ) as number_in_series,
    count(*) over (partition by coalesce(webinars.recurrence_key, webinars.webinar_key)) as webinars_in_series,
    webinars.registration_url,
    webinars.state,
    webinars.planned_dates,
    webinars.sessions_held,
    webinars.known_time_zone as time_zone,
    webinars.starts_at,
    webinars.ends_at,
    webinars.starts_at_local,
    webinars.ends_at_local,
    {{ dbt.datediff('cast(webinars.now_local as date)', 'cast(webinars.starts_at_local as date)', 'day') }}
        as days_to_go,
    coalesce(people.registrants, 0) as registrants,
    coalesce(people.approved, 0) as approved,
    coalesce(people.waiting, 0) as waiting,
    coalesce(people.denied, 0) as denied,
    coalesce(people.cancelled, 0) as cancelled,
    coalesce(people.late, 0) as late,
    coalesce(people.expected, 0) as expected,
    case when webinars.is_attendance_known then coalesce(people.attended, 0) end as attended,
    case when webinars.is_attendance_known then coalesce(people.expected_attended, 0) end as expected_attended,
    case when webinars.is_attendance_known then coalesce(people.stayed_to_the_end, 0) end as stayed_to_the_end,
    case when webinars.is_attendance_known and webinars.state = 'held' then coalesce(people.no_shows, 0) end as no_shows,
    case when webinars.is_attendance_known and webinars.state = 'held'
        then {{ gotowebinar.ratio('people.expected_attended', 'people.expected') }} end as attendance_rate,
    {{ gotowebinar.ratio('people.minutes_attended', 'people.attended') }} as minutes_attended,
    coalesce(questions.questions, 0) as questions,
    coalesce(ratings.ratings, 0) as ratings,
    ratings.rating,
    case when people.attended > 0 then performance.attentiveness end as attentiveness,
    case when people.attended > 0 then performance.interest_rating end as interest_rating,
    webinars.number_of_registration_link_clicks as registration_link_clicks,
    people.last_registered_at
from labelled as webinars
left join people on webinars.webinar_key = people.webinar_key
left join questions on webinars.webinar_key = questions.webinar_key
left join ratings on webinars.webinar_key = ratings.webinar_key
left join performance on webinars.webinar_key = performance.webinar_key
