-- claim: queued -> processing, for the fairest job of a lane
--   lane       string
--   worker     string  name of the worker
--   lease_ms   integer
-- Sets status, fence, attempts, worker, claimed_at_ms, started_at_ms (first claim); what an earlier attempt had
-- committed is dropped.
-- Returns the job's hash as a flat list, or nil when the lane is empty.

for _ = 1, 100 do
  local popped = redis.call('ZPOPMIN', lane_key(args.lane, 'pending'))
  if #popped == 0 then return nil end
  local id, virtual_finish = popped[1], popped[2]
  local fields = redis.call('HMGET', job_key(id), 'status', 'cost_ms')
  dequeued(args.lane, tonumber(fields[2] or 0))
  if fields[1] == 'queued' then
    if redis.call('EXISTS', lane_key(args.lane, 'pending')) == 1 then
      redis.call('HSET', lane_key(args.lane, 'state'), 'virtual_ms', virtual_finish)
    end
    redis.call('HINCRBY', job_key(id), 'fence', 1)
    redis.call('HINCRBY', job_key(id), 'attempts', 1)
    redis.call('HSETNX', job_key(id), 'started_at_ms', integer(now))
    redis.call('HSET', job_key(id), 'status', 'processing', 'worker', args.worker, 'claimed_at_ms', integer(now),
      'progress_ms', '0')
    redis.call('DEL', job_key(id) .. ':segments')
    redis.call('ZADD', key('leases'), integer(now + args.lease_ms), id)
    count(args.lane, 'claimed')
    return redis.call('HGETALL', job_key(id))
  end
end
return nil
