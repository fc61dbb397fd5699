-- requeue: failed -> queued, by an operator. The checkpoint is kept, errors and crashes are counted anew.
--   work_id   string
-- Returns the lane, or nil when the work is no dead letter, or none of its jobs waits for it.

local id = args.work_id
if redis.call('HGET', work_key(id), 'status') ~= 'failed' then return nil end

-- Some of its jobs may have been erased since it failed.
local waiting = {}
for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  if status_of(job) == 'failed' then waiting[#waiting + 1] = job end
end
if #waiting == 0 then return nil end
for _, job in ipairs(waiting) do redis.call('PERSIST', job_key(job)) end

redis.call('ZREM', key('dead'), id)
redis.call('HDEL', work_key(id), 'failure', 'failure_detail', 'finished_at_ms', 'expires_at_ms', 'errors', 'crashes')
redis.call('PERSIST', work_key(id))
for _, part in ipairs({ 'jobs', 'segments', 'attempts', 'events' }) do
  redis.call('PERSIST', work_key(id, part))
end
-- Segments expire before the record does; without them the next attempt starts from the beginning.
if redis.call('EXISTS', work_key(id, 'segments')) == 0 then redis.call('HDEL', work_key(id), 'progress_ms') end
redis.call('HSET', work_key(id), 'waiting', integer(#waiting))
local fields = redis.call('HMGET', work_key(id), 'lane', 'tenant', 'cost_ms', 'weight')
enqueue_last(id, fields[1], fields[2], tonumber(fields[3]), tonumber(fields[4]))
count(fields[1], 'requeued')
count(fields[1], 'failed', -#waiting)
set_status(id, 'queued')
return fields[1]
