-- requeue: failed -> queued, by an operator. The checkpoint is kept, errors and crashes are counted anew.
--   work_id   string
-- Returns the lane, or nil when the work is no dead letter.

local id = args.work_id
if redis.call('HGET', work_key(id), 'status') ~= 'failed' then return nil end
redis.call('ZREM', key('dead'), id)
redis.call('HDEL', work_key(id), 'failure', 'failure_detail', 'finished_at_ms', 'expires_at_ms', 'errors', 'crashes')
redis.call('PERSIST', work_key(id))
for _, part in ipairs({ 'jobs', 'segments', 'attempts', 'events' }) do
  redis.call('PERSIST', work_key(id, part))
end
for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  if redis.call('HEXISTS', job_key(job), 'cancelled_at_ms') == 0 then redis.call('PERSIST', job_key(job)) end
end
local fields = redis.call('HMGET', work_key(id), 'lane', 'tenant', 'cost_ms', 'weight', 'waiting')
enqueue_last(id, fields[1], fields[2], tonumber(fields[3]), tonumber(fields[4]))
count(fields[1], 'requeued')
count(fields[1], 'failed', -tonumber(fields[5]))
set_status(id, 'queued')
return fields[1]
