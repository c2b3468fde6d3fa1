{%- set loaded = gotowebinar.stream('webinar_details') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'webinarID') }} as webinar_id,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'accountKey') }} as account_key,
    {{ gotowebinar.text(loaded, 'subject') }} as subject,
    {{ gotowebinar.text(loaded, 'description') }} as description,
    {{ gotowebinar.text(loaded, 'timeZone') }} as time_zone,
    {{ gotowebinar.text(loaded, 'registrationUrl') }} as registration_url,
    {{ gotowebinar.text(loaded, 'organizerEmail') }} as organizer_email,
    {{ gotowebinar.text(loaded, 'organizerName') }} as organizer_name,
    {{ gotowebinar.boolean(loaded, 'inSession') }} as is_in_session,
    {{ gotowebinar.boolean(loaded, 'impromptu') }} as is_impromptu,
    {{ gotowebinar.boolean(loaded, 'isPasswordProtected') }} as is_password_protected,
    {{ gotowebinar.text(loaded, 'type') }} as type,
    {{ gotowebinar.text(loaded, 'recurrencePeriod') }} as recurrence_period,
    {{ gotowebinar.integer(loaded, 'numberOfRegistrants') }} as number_of_registrants,
    {{ gotowebinar.integer(loaded, 'registrationLimit') }} as registration_limit,
    {{ gotowebinar.text(loaded, 'locale') }} as locale,
    {{ gotowebinar.text(loaded, 'experienceType') }} as experience_type,
    {{ gotowebinar.integer(loaded, 'numberOfRegistrationLinkClicks') }} as number_of_registration_link_clicks,
    {{ gotowebinar.integer(loaded, 'numberOfOpenedInvitations') }} as number_of_opened_invitations,
    {{ gotowebinar.boolean(loaded, 'isOndemand') }} as is_on_demand,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
