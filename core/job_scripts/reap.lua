-- reap: takes jobs back from workers that let their lease lapse, and releases retries that are due
--   limit           integer  jobs looked at, of either kind
--   max_crashes     integer  so many lapsed leases make a dead letter
--   failure         string   the FailureCode of such a dead letter
--   detail          string   shown to the job's owner
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- processing -> queued, or failed, or cancelled when that was asked for. Any number of workers may run it.
-- Returns {requeued, failed, cancelled, released}.

local requeued, failed, cancelled, released = 0, 0, 0, 0

for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('leases'), '-inf', integer(now), 'LIMIT', 0, args.limit)) do
  local fields = redis.call('HMGET', job_key(id), 'status', 'lane', 'cancel_requested')
  if fields[1] ~= 'processing' then
    redis.call('ZREM', key('leases'), id)
  else
    count(fields[2], 'lease_expiries')
    local crashes = redis.call('HINCRBY', job_key(id), 'crashes', 1)
    if fields[3] then
      finish(id, 'cancelled')
      cancelled = cancelled + 1
    elseif crashes >= args.max_crashes then
      bury(id, args.failure, args.detail)
      failed = failed + 1
    else
      requeue(id)
      requeued = requeued + 1
    end
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', key('delayed'), '-inf', integer(now), 'LIMIT', 0, args.limit)) do
  redis.call('ZREM', key('delayed'), id)
  local fields = redis.call('HMGET', job_key(id), 'status', 'lane', 'cost_ms')
  if fields[1] == 'queued' then
    enqueue_first(id, fields[2], tonumber(fields[3]))
    released = released + 1
  end
end

return { requeued, failed, cancelled, released }
