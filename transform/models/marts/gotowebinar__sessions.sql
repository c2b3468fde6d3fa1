-- One row for each time that a webinar was held, practice included.
with questions as (
    select session_key, count(*) as questions, count(distinct asker_key) as askers
    from {{ ref('stg_gotowebinar__questions') }}
    group by session_key
),

polls as (
    select session_key, count(*) as polls, max(number_of_responses) as poll_responses
    from {{ ref('stg_gotowebinar__polls') }}
    group by session_key
),

surveys as (
    select session_key, count(*) as survey_questions, max(number_of_responses) as survey_responses
    from {{ ref('stg_gotowebinar__surveys') }}
    group by session_key
),

localized as (
    select
        *,
        coalesce(webinar_name, 'Untitled') as subject,
        {{ gotowebinar.local_time('started_at', "coalesce(time_zone, 'UTC')") }} as started_at_local,
        {{ gotowebinar.local_time('ended_at', "coalesce(time_zone, 'UTC')") }} as ended_at_local
    from {{ ref('int_gotowebinar__sessions') }}
),

labelled as (
    select
        *,
        {{ gotowebinar.titled('subject', 'started_at_local') }} as label,
        {{ gotowebinar.briefly_titled('subject', 'started_at_local') }} as short_label
    from localized
)

select
    sessions.session_key,
    sessions.webinar_key,
    sessions.webinar_name as subject,
    {{ gotowebinar.unique_title('sessions.label', 'sessions.started_at, sessions.session_key') }} as title,
    {{ gotowebinar.unique_title('sessions.short_label', 'sessions.started_at, sessions.session_key') }} as short_title,
    coalesce(sessions.time_zone, 'UTC') as time_zone,
    sessions.started_at,
    sessions.ended_at,
    sessions.started_at_local,
    sessions.ended_at_local,
    sessions.is_practice,
    {{ gotowebinar.minutes('sessions.seconds_held') }} as minutes_held,
    sessions.attended,
    sessions.registrants_attended as attended_by_goto,
    {{ gotowebinar.ratio(gotowebinar.minutes('sessions.seconds_attended'), 'sessions.attended') }} as minutes_attended,
    coalesce(questions.questions, 0) as questions,
    coalesce(questions.askers, 0) as askers,
    coalesce(polls.polls, 0) as polls,
    coalesce(polls.poll_responses, 0) as poll_responses,
    coalesce(surveys.survey_questions, 0) as survey_questions,
    coalesce(surveys.survey_responses, 0) as survey_responses,
    case when sessions.attended > 0 then performance.average_attentiveness end as attentiveness,
    case when sessions.attended > 0 then performance.average_interest_rating end as interest_rating
from labelled as sessions
left join questions on sessions.session_key = questions.session_key
left join polls on sessions.session_key = polls.session_key
left join surveys on sessions.session_key = surveys.session_key
left join {{ ref('stg_gotowebinar__session_performance') }} as performance
    on sessions.session_key = performance.session_key
