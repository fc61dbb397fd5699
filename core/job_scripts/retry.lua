-- retry: processing -> queued after a delay; or failed, when the errors are used up; or cancelled, when asked for
--   job_id          string
--   fence           integer
--   failure         string   a FailureCode
--   detail          string   shown to the job's owner if this was the last attempt
--   delay_ms        integer
--   max_errors      integer
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'queued', 'failed', 'cancelled' or 'lost'.

local id = args.job_id
if not holds(id, args.fence) then return 'lost' end
local lane = redis.call('HGET', job_key(id), 'lane')
if redis.call('HEXISTS', job_key(id), 'cancel_requested') == 1 then
  finish(id, 'cancelled')
  return 'cancelled'
end
count(lane, 'errors')
if redis.call('HINCRBY', job_key(id), 'errors', 1) >= args.max_errors then
  bury(id, args.failure, args.detail)
  return 'failed'
end
redis.call('ZREM', key('leases'), id)
redis.call('HSET', job_key(id), 'status', 'queued')
redis.call('ZADD', key('delayed'), integer(now + args.delay_ms), id)
return 'queued'
