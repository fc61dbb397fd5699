-- take_webhook: takes the event that is due first out of the outbox, for as long as a lease
--   lease_ms   integer  then it is due again, as if it had not been taken
-- Returns {id, claim, url, event's hash as a flat list, form, header, header_value}, or nil when none is due; the last
-- three say how the receiver wants to be called (core/webhooks.py), empty where the job says nothing of it.

for _ = 1, 100 do
  local id = redis.call('ZRANGEBYSCORE', key('webhooks'), '-inf', integer(now), 'LIMIT', 0, 1)[1]
  if not id then return nil end
  local job = redis.call('HGET', webhook_key(id), 'job_id')
  local owned = job and redis.call('HMGET', job_key(job), 'webhook_url', 'webhook_disabled') or {}
  if owned[1] and not owned[2] then
    redis.call('ZADD', key('webhooks'), integer(now + args.lease_ms), id)
    local claim = redis.call('HINCRBY', webhook_key(id), 'claims', 1)
    local call = redis.call('HMGET', job_key(job), 'webhook_form', 'webhook_header', 'webhook_header_value')
    local event = redis.call('HGETALL', webhook_key(id))
    return { id, claim, owned[1], event, call[1] or '', call[2] or '', call[3] or '' }
  end
  -- The record has expired, or an earlier event of the job was answered that nobody wants any.
  redis.call('ZREM', key('webhooks'), id)
  if owned[1] then redis.call('HSET', webhook_key(id), 'state', 'disabled') end
end
return nil
