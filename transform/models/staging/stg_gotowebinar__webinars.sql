{%- set loaded = gotowebinar.stream('webinars') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'webinarID') }} as webinar_id,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'accountKey') }} as account_key,
    {{ gotowebinar.text(loaded, 'omid') }} as omid,
    {{ gotowebinar.text(loaded, 'subject') }} as subject,
    {{ gotowebinar.text(loaded, 'description') }} as description,
    {{ gotowebinar.text(loaded, 'timeZone') }} as time_zone,
    {{ gotowebinar.text(loaded, 'locale') }} as locale,
    {{ gotowebinar.text(loaded, 'status') }} as status,
    {{ gotowebinar.text(loaded, 'approvalType') }} as approval_type,
    {{ gotowebinar.text(loaded, 'registrationUrl') }} as registration_url,
    {{ gotowebinar.boolean(loaded, 'impromptu') }} as is_impromptu,
    {{ gotowebinar.boolean(loaded, 'isPasswordProtected') }} as is_password_protected,
    {{ gotowebinar.text(loaded, 'recurrenceType') }} as recurrence_type,
    {{ gotowebinar.text(loaded, 'recurrenceKey') }} as recurrence_key,
    {{ gotowebinar.text(loaded, 'experienceType') }} as experience_type,
    {{ gotowebinar.text(loaded, 'registrationSettingsKey') }} as registration_settings_key,
    {{ gotowebinar.boolean(loaded, 'breakoutsAllowed') }} as breakouts_allowed,
    {{ gotowebinar.integer(loaded, 'numberOfRegistrants') }} as number_of_registrants,
    {{ gotowebinar.boolean(loaded, 'inSession') }} as is_in_session,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
