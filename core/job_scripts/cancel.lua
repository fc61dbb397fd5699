-- cancel: gives a job up. Its work is cancelled with its last job: at once if it waits; if it runs, its worker is asked
--   job_id          string
--   cancel_id       string   unique; a call sent twice is answered alike, for what is finished is erased next
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Sets cancel_id, and cancelled_at_ms and last_event (what comes behind it is other jobs'), or cancel_requested.
-- Returns 'cancelled', 'requested', 'finished' (nothing left to cancel) or 'unknown'.

local job = args.job_id
local status = status_of(job)
if not status then return 'unknown' end
local fields = redis.call('HMGET', job_key(job), 'work_id', 'cancel_requested', 'cancel_id')
if status ~= 'queued' and status ~= 'processing' then
  return fields[3] == args.cancel_id and 'cancelled' or 'finished'
end
if fields[2] then return 'requested' end
redis.call('HSET', job_key(job), 'cancel_id', args.cancel_id)
local id = fields[1]
local work = redis.call('HMGET', work_key(id), 'lane', 'tenant', 'cost_ms')

if redis.call('HINCRBY', work_key(id), 'waiting', -1) > 0 then
  notify(job, 'cancelled')
  redis.call('HSET', job_key(job), 'cancelled_at_ms', integer(now), 'last_event', emit(id, 'cancelled', 'job', job))
  local _, records_ms, is_retained = lifetimes(id)
  expire_job(job, id, records_ms, is_retained)
  count(work[1], 'cancelled')
  return 'cancelled'
end

if status == 'processing' then
  redis.call('HSET', job_key(job), 'cancel_requested', '1')
  redis.call('HSET', work_key(id), 'cancel_requested', '1')
  forget_digest(id)
  return 'requested'
end
if redis.call('ZREM', lane_key(work[1], 'pending'), id) == 1 then
  dequeued(id, work[1], work[2], tonumber(work[3]))
end
redis.call('ZREM', key('delayed'), id)
finish(id, 'cancelled')
return 'cancelled'
