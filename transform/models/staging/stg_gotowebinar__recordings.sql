{%- set loaded = gotowebinar.stream('recordings') -%}

select
    {{ gotowebinar.text(loaded, 'webinarKey') }} as webinar_key,
    {{ gotowebinar.text(loaded, 'recordingAssetKey') }} as recording_asset_key,
    {{ gotowebinar.text(loaded, 'organizerKey') }} as organizer_key,
    {{ gotowebinar.text(loaded, 'name') }} as name,
    {{ gotowebinar.text(loaded, 'productName') }} as product_name,
    {{ gotowebinar.timestamp(loaded, 'createTime') }} as created_at,
    {{ gotowebinar.text(loaded, 'creatorKey') }} as creator_key,
    {{ gotowebinar.text(loaded, 'accountKey') }} as account_key,
    {{ gotowebinar.integer(loaded, 'totalReferenceCount') }} as total_reference_count,
    {{ gotowebinar.text(loaded, 'recordingShareUrl') }} as recording_share_url,
    {{ gotowebinar.timestamp(loaded, '_sdc_batched_at') }} as loaded_at
from {{ loaded.rows }}
