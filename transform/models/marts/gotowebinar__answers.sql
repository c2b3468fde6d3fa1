-- How polls, surveys and registration forms were answered: one row for each question and answer.
{%- set marks = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"] %}
with put as (
    select
        'poll' as kind,
        polls.webinar_key,
        polls.session_key,
        polls.poll_key as question_key,
        polls.question,
        polls.number_of_responses as people_answered,
        answers.answer,
        answers.percent / 100 as share
    from {{ ref('stg_gotowebinar__polls') }} as polls
    inner join {{ ref('stg_gotowebinar__poll_answers') }} as answers
        on polls.session_key = answers.session_key and polls.poll_key = answers.poll_key
    union all
    select
        'survey' as kind,
        surveys.webinar_key,
        surveys.session_key,
        surveys.survey_key as question_key,
        surveys.question,
        surveys.number_of_responses as people_answered,
        answers.answer,
        answers.percent / 100 as share
    from {{ ref('stg_gotowebinar__surveys') }} as surveys
    inner join {{ ref('stg_gotowebinar__survey_answers') }} as answers
        on surveys.session_key = answers.session_key and surveys.survey_key = answers.survey_key
),

given as (
    select webinar_key, question, answer, count(*) as people
    from {{ ref('stg_gotowebinar__registration_answers') }}
    where nullif(trim(answer), '') is not null
    group by webinar_key, question, answer
),

answers as (
    select
        kind,
        webinar_key,
        session_key,
        question_key,
        question,
        people_answered,
        answer,
        share,
        cast(round(cast(share * people_answered as {{ dbt.type_numeric() }}), 0) as {{ dbt.type_bigint() }}) as people
    from put
    union all
    select
        'registration' as kind,
        webinar_key,
        cast(null as {{ dbt.type_string() }}) as session_key,
        question as question_key,
        question,
        cast(sum(people) over (partition by webinar_key, question) as {{ dbt.type_bigint() }}) as people_answered,
        answer,
        {{ gotowebinar.ratio('people', 'sum(people) over (partition by webinar_key, question)') }} as share,
        people
    from given
),

-- A question of a survey is a rating when all its answers are marks, whatever its words.
marked as (
    select
        webinar_key,
        session_key,
        question_key,
        min(case when answer in ('{{ marks | join("', '") }}') then 1 else 0 end) as is_rating,
        max(case {% for mark in marks %}when answer = '{{ mark }}' then {{ mark }} {% endfor %}end) as top
    from answers
    where kind = 'survey'
    group by webinar_key, session_key, question_key
)

select
    answers.kind,
    answers.webinar_key,
    answers.session_key,
    answers.question_key,
    answers.question,
    answers.answer,
    answers.people,
    answers.people_answered,
    answers.share,
    case when marked.is_rating = 1 and marked.top > 1
        then case {% for mark in marks %}when answers.answer = '{{ mark }}' then {{ mark }} {% endfor %}end
    end as rating,
    case when marked.is_rating = 1 and marked.top > 1 then marked.top end as rating_top
from answers
left join marked
    on
        answers.kind = 'survey'
        and answers.session_key = marked.session_key
        and answers.question_key = marked.question_key
