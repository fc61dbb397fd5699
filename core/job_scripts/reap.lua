-- reap: takes works back from workers that let their lease lapse, and releases retries that are due
--   limit           integer  works looked at, of either kind
--   take_back       boolean  false shortly after an outage: workers that live have yet to renew their leases
--   max_crashes     integer  so many lapsed leases make a dead letter
--   failure         string   the FailureCode of such a dead letter
--   detail          string   shown to the owners of its jobs
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- processing -> queued, or failed, or cancelled when that was asked for. Any number of workers may run it.
-- Returns {requeued, failed, cancelled, released}.

local requeued, failed, cancelled, released = 0, 0, 0, 0

local function due(set)
  return redis.call('ZRANGEBYSCORE', key(set), '-inf', integer(now), 'LIMIT', 0, args.limit)
end

for _, id in ipairs(args.take_back and due('leases') or {}) do
  local fields = redis.call('HMGET', work_key(id), 'status', 'lane')
  if fields[1] ~= 'processing' then
    redis.call('ZREM', key('leases'), id)
  else
    count(fields[2], 'lease_expiries')
    if cancel_requested(id) then
      cancel_attempt(id)
      cancelled = cancelled + 1
    else
      end_attempt(id, 'crashed', args.failure)
      if redis.call('HINCRBY', work_key(id), 'crashes', 1) >= args.max_crashes then
        bury(id, args.failure, args.detail)
        failed = failed + 1
      else
        requeue(id)
        requeued = requeued + 1
      end
    end
  end
end

for _, id in ipairs(due('delayed')) do
  redis.call('ZREM', key('delayed'), id)
  local fields = redis.call('HMGET', work_key(id), 'status', 'lane', 'tenant', 'cost_ms')
  if fields[1] == 'queued' then
    enqueue_first(id, fields[2], fields[3], tonumber(fields[4]))
    released = released + 1
  end
end

return { requeued, failed, cancelled, released }
