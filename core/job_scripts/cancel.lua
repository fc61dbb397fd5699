-- cancel: queued -> cancelled; processing: asks its worker to stop
--   job_id          string
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'cancelled', 'requested', 'finished' (nothing left to cancel) or 'unknown'.

local id = args.job_id
local fields = redis.call('HMGET', job_key(id), 'status', 'lane', 'cost_ms')
if not fields[1] then return 'unknown' end
if fields[1] == 'processing' then
  redis.call('HSET', job_key(id), 'cancel_requested', '1')
  return 'requested'
end
if fields[1] ~= 'queued' then return 'finished' end
if redis.call('ZREM', lane_key(fields[2], 'pending'), id) == 1 then
  dequeued(fields[2], tonumber(fields[3]))
end
redis.call('ZREM', key('delayed'), id)
finish(id, 'cancelled')
return 'cancelled'
