-- Everybody who ever registered: of the list, and of the details where the list was not read.
with joined as (
    select
        coalesce(listed.webinar_key, details.webinar_key) as webinar_key,
        coalesce(listed.registrant_key, details.registrant_key) as registrant_key,
        lower(coalesce(listed.email, details.email)) as email,
        coalesce(listed.first_name, details.first_name) as first_name,
        coalesce(listed.last_name, details.last_name) as last_name,
        coalesce(listed.status, details.status) as status,
        coalesce(listed.registered_at, details.registered_at) as registered_at,
        coalesce(listed.loaded_at, details.loaded_at) as loaded_at,
        details.type,
        nullif(trim(details.source), '') as source,
        details.organization,
        details.job_title,
        details.industry,
        details.country,
        details.is_unsubscribed
    from {{ ref('stg_gotowebinar__registrants') }} as listed
    full outer join {{ ref('stg_gotowebinar__registrant_details') }} as details
        on listed.webinar_key = details.webinar_key and listed.registrant_key = details.registrant_key
),

-- A removal stays for ever. Who registers again under the same key has a newer date, or at least a newer row.
told as (
    select
        joined.*,
        case
            when coalesce(joined.registered_at > removals.removed_at, false) then null
            when coalesce(joined.loaded_at > removals.removed_at, false) then null
            else removals.removed_at
        end as cancelled_at
    from joined
    left join {{ ref('stg_gotowebinar__registrant_removals') }} as removals
        on joined.webinar_key = removals.webinar_key and joined.registrant_key = removals.registrant_key
)

-- Who registers again under another key is one person: the cancelled registration gives way.
select *
from told
where
    cancelled_at is null
    or not exists (
        select 1
        from told as again
        where
            again.webinar_key = told.webinar_key
            and again.email = told.email
            and again.registrant_key <> told.registrant_key
            and again.registered_at > told.registered_at
    )
