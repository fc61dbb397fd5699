-- replay_webhook: makes a job's latest event due now, with all its attempts anew; a disabled receiver is wanted again
--   job_id   string
-- Returns the event's id, or nil when the job has none.

local id = redis.call('LINDEX', key('webhooks:' .. args.job_id), -1)
if not id or redis.call('EXISTS', webhook_key(id)) == 0 or redis.call('EXISTS', job_key(args.job_id)) == 0 then
  return nil
end
redis.call('HDEL', job_key(args.job_id), 'webhook_disabled')
redis.call('HINCRBY', webhook_key(id), 'claims', 1)
redis.call('HSET', webhook_key(id), 'state', 'due', 'tries', '0')
redis.call('ZADD', key('webhooks'), integer(now), id)
return id
