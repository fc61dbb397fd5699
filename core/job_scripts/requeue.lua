-- requeue: failed -> queued, by an operator. The checkpoint is kept if it has not expired, errors and crashes are
-- counted anew.
--   work_id   string
-- Returns the lane, or nil when the work is no dead letter that anybody waits for.

local id = args.work_id
local fields = redis.call('HMGET', work_key(id), 'status', 'lane', 'tenant', 'cost_ms', 'weight', 'waiting')
if fields[1] ~= 'failed' or tonumber(fields[6]) < 1 then return nil end
redis.call('ZREM', key('dead'), id)
redis.call('HDEL', work_key(id), 'failure', 'failure_detail', 'finished_at_ms', 'expires_at_ms', 'errors', 'crashes')
redis.call('PERSIST', work_key(id))
for _, part in ipairs({ 'jobs', 'segments', 'attempts', 'events' }) do
  redis.call('PERSIST', work_key(id, part))
end
for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  if redis.call('HEXISTS', job_key(job), 'cancelled_at_ms') == 0 then
    redis.call('PERSIST', job_key(job))
    redis.call('HDEL', job_key(job), 'expires_at_ms')
    redis.call('ZREM', key('expiring'), expiring_entry(id, job, fields[3]))
  end
end
-- Segments expire before the record does; without them the next attempt starts from the beginning.
if redis.call('EXISTS', work_key(id, 'segments')) == 0 then redis.call('HDEL', work_key(id), 'progress_ms') end
enqueue_last(id, fields[2], fields[3], tonumber(fields[4]), tonumber(fields[5]))
count(fields[2], 'requeued')
count(fields[2], 'failed', -tonumber(fields[6]))
set_status(id, 'queued')
return fields[2]
