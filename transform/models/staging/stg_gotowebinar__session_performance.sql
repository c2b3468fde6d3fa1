{%- set loaded = gotowebinar.stream('session_performance') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'sessionKey') }} as session_info_session_key,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'webinarID') }} as session_info_webinar_id,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'webinarName') }} as session_info_webinar_name,
    {{ gotowebinar.nested_timestamp(loaded, 'sessionInfo', 'startTime') }} as session_info_started_at,
    {{ gotowebinar.nested_timestamp(loaded, 'sessionInfo', 'endTime') }} as session_info_ended_at,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'timeZone') }} as session_info_time_zone,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'experienceType') }} as session_info_experience_type,
    {{ gotowebinar.nested_text(loaded, 'sessionInfo', 'recurrencePeriod') }} as session_info_recurrence_period,
    {{ gotowebinar.nested_integer(loaded, 'sessionInfo', 'registrationEmailOpenedCount') }} as session_info_registration_email_opened_count,
    {{ gotowebinar.nested_integer(loaded, 'sessionInfo', 'registrationLinkClickedCount') }} as session_info_registration_link_clicked_count,
    {{ gotowebinar.nested_integer(loaded, 'attendance', 'registrantCount') }} as registrant_count,
    {{ gotowebinar.nested_float(loaded, 'attendance', 'percentageAttendance') }} as percentage_attendance,
    {{ gotowebinar.nested_float(loaded, 'attendance', 'averageInterestRating') }} as average_interest_rating,
    {{ gotowebinar.nested_float(loaded, 'attendance', 'averageAttentiveness') }} as average_attentiveness,
    {{ gotowebinar.nested_float(loaded, 'attendance', 'averageAttendanceTimeSeconds') }} as average_attendance_time_seconds,
    {{ gotowebinar.nested_integer(loaded, 'pollsAndSurveys', 'pollCount') }} as poll_count,
    {{ gotowebinar.nested_float(loaded, 'pollsAndSurveys', 'surveyCount') }} as survey_count,
    {{ gotowebinar.nested_integer(loaded, 'pollsAndSurveys', 'questionsAsked') }} as questions_asked,
    {{ gotowebinar.nested_float(loaded, 'pollsAndSurveys', 'percentagePollsCompleted') }} as percentage_polls_completed,
    {{ gotowebinar.nested_float(loaded, 'pollsAndSurveys', 'percentageSurveysCompleted') }} as percentage_surveys_completed,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
