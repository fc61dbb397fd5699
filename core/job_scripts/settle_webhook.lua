-- settle_webhook: notes how the delivery of an event ended
--   id            string
--   claim         integer  as take_webhook returned it
--   outcome       string   delivered; retry; given_up; disabled (nobody wants the job's events any more); or deferred:
--                          it was not tried, and no attempt is noted
--   delay_ms      integer  after which it is due again (retry and deferred only)
--   duration_ms   integer  what the attempt took
--   status        integer  HTTP status of the answer (optional)
--   fault         string   why there was none (optional)
-- Returns 1, or 0 when the delivery was taken by somebody else since, or the event is gone.

local ATTEMPTS_OF_EVENT_KEPT = 50

local name = webhook_key(args.id)
if tonumber(redis.call('HGET', name, 'claims') or 0) ~= args.claim then return 0 end
redis.call('HINCRBY', name, 'claims', 1)

if args.outcome ~= 'deferred' then
  redis.call('HINCRBY', name, 'tries', 1)
  redis.call('RPUSH', webhook_key(args.id, 'attempts'), cjson.encode({
    at_ms = now - args.duration_ms,
    duration_ms = args.duration_ms,
    status = args.status,
    fault = args.fault,
  }))
  redis.call('LTRIM', webhook_key(args.id, 'attempts'), -ATTEMPTS_OF_EVENT_KEPT, -1)
  redis.call('PEXPIRE', webhook_key(args.id, 'attempts'), redis.call('PTTL', name))
  redis.call('HINCRBY', key('webhook-counters'), args.outcome, 1)
end
if args.outcome == 'retry' or args.outcome == 'deferred' then
  redis.call('ZADD', key('webhooks'), integer(now + args.delay_ms), args.id)
  return 1
end
redis.call('HSET', name, 'state', args.outcome)
redis.call('ZREM', key('webhooks'), args.id)
local job = job_key(redis.call('HGET', name, 'job_id'))
if args.outcome == 'disabled' and redis.call('EXISTS', job) == 1 then redis.call('HSET', job, 'webhook_disabled', '1') end
return 1
