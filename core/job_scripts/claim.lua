-- claim: queued -> processing, for the fairest work of a lane
--   lane       string
--   worker     string  name of the worker
--   claim_id   string  unique; a call sent twice takes one work
--   lease_ms   integer
-- Sets status, fence, attempts, worker, claim, claimed_at_ms, started_at_ms (first claim), resumed_from_ms (the audio
-- that earlier attempts have committed).
-- Returns the work's hash as a flat list, or nil when the lane is empty.

local claim = key('claim:' .. args.claim_id)
local taken = redis.call('GET', claim)
if taken then
  local fields = redis.call('HMGET', work_key(taken), 'status', 'worker')
  if fields[1] == 'processing' and fields[2] == args.worker then return redis.call('HGETALL', work_key(taken)) end
end

for _ = 1, 100 do
  local popped = redis.call('ZPOPMIN', lane_key(args.lane, 'pending'))
  if #popped == 0 then return nil end
  local id, virtual_finish = popped[1], popped[2]
  local fields = redis.call('HMGET', work_key(id), 'status', 'cost_ms', 'tenant', 'progress_ms')
  dequeued(id, args.lane, fields[3] or '', tonumber(fields[2] or 0))
  if fields[1] == 'queued' then
    if redis.call('EXISTS', lane_key(args.lane, 'pending')) == 1 then
      redis.call('HSET', lane_key(args.lane, 'state'), 'virtual_ms', virtual_finish)
    end
    if redis.call('SCARD', lane_key(args.lane, 'running')) == 0 then
      redis.call('SET', lane_key(args.lane, 'clock'), integer(now))
    end
    redis.call('SADD', lane_key(args.lane, 'running'), id)
    redis.call('HINCRBY', work_key(id), 'fence', 1)
    redis.call('HINCRBY', work_key(id), 'attempts', 1)
    redis.call('HSETNX', work_key(id), 'started_at_ms', integer(now))
    redis.call('HSET', work_key(id), 'worker', args.worker, 'claim', args.claim_id, 'claimed_at_ms', integer(now),
      'resumed_from_ms', fields[4] or '0')
    redis.call('ZADD', key('leases'), integer(now + args.lease_ms), id)
    redis.call('SET', claim, id, 'PX', integer(args.lease_ms))
    set_status(id, 'processing')
    count(args.lane, 'claimed')
    return redis.call('HGETALL', work_key(id))
  end
end
return nil
