-- The text messages of one sealed and exported week; other channels are other folders.
select planned_touch_id, planned_on, address, subject, body
from read_parquet('/path/to/home/exports/*/2025-12-29/sms_*/touches.parquet')
order by planned_touch_id
