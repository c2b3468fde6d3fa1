{%- set loaded = gotowebinar.stream('sessions') -%}

select
    {{ gotowebinar.text(loaded, 'sessionKey') }} as session_key,
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'webinarID') }} as webinar_id,
    {{ gotowebinar.text(loaded, 'webinarName') }} as webinar_name,
    {{ gotowebinar.timestamp(loaded, 'startTime') }} as started_at,
    {{ gotowebinar.timestamp(loaded, 'endTime') }} as ended_at,
    {{ gotowebinar.text(loaded, 'timeZone') }} as time_zone,
    {{ gotowebinar.integer(loaded, 'registrantsAttended') }} as registrants_attended,
    {{ gotowebinar.integer(loaded, 'registrantCount') }} as registrant_count,
    {{ gotowebinar.text(loaded, 'accountKey') }} as account_key,
    {{ gotowebinar.text(loaded, 'creatingOrganizerKey') }} as creating_organizer_key,
    {{ gotowebinar.text(loaded, 'creatingOrganizerName') }} as creating_organizer_name,
    {{ gotowebinar.text(loaded, 'startingOrganizerKey') }} as starting_organizer_key,
    {{ gotowebinar.text(loaded, 'startingOrganizerName') }} as starting_organizer_name,
    {{ gotowebinar.integer(loaded, 'totalPollCount') }} as total_poll_count,
    {{ gotowebinar.text(loaded, 'experienceType') }} as experience_type,
    {{ gotowebinar.integer(loaded, 'webinarType') }} as webinar_type,
    {{ gotowebinar.integer(loaded, 'numRegLinkClicks') }} as num_reg_link_clicks,
    {{ gotowebinar.integer(loaded, 'numOpenedInvitations') }} as num_opened_invitations,
    {{ gotowebinar.boolean(loaded, 'includeCertificate') }} as has_certificate,
    {{ gotowebinar.boolean(loaded, 'followupEmailTriggered') }} as is_followup_email_sent,
    {{ gotowebinar.text(loaded, 'buildNumber') }} as build_number,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
