-- The time zones of webinars that the database knows.
with named as (
    select time_zone from {{ ref('stg_gotowebinar__webinars') }}
    union
    select time_zone from {{ ref('stg_gotowebinar__sessions') }}
)

select time_zone
from named
where {{ gotowebinar.is_time_zone('time_zone') }}
