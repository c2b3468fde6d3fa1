-- What was asked, and whether anybody answered.
with answered as (
    select session_key, question_key, count(*) as answers, min(answered_at) as first_answered_at
    from {{ ref('stg_gotowebinar__question_answers') }}
    group by session_key, question_key
)

select
    questions.session_key,
    questions.question_key,
    questions.webinar_key,
    webinars.subject,
    questions.question,
    lower(questions.asked_by) as email,
    questions.asker_key as registrant_key,
    questions.asked_at,
    {{ gotowebinar.local_time('questions.asked_at', "coalesce(webinars.time_zone, 'UTC')") }} as asked_at_local,
    answered.answers is not null as is_answered,
    coalesce(answered.answers, 0) as answers,
    answered.first_answered_at
from {{ ref('stg_gotowebinar__questions') }} as questions
left join {{ ref('gotowebinar__webinars') }} as webinars on questions.webinar_key = webinars.webinar_key
left join answered
    on questions.session_key = answered.session_key and questions.question_key = answered.question_key
