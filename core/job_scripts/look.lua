-- look: reads a job as it stands; changes nothing
--   job_id   string
-- Returns nil if there is no such job, else {job, work, segments, position, ahead_ms, remaining}:
--   job, work   hashes as flat lists
--   segments    integer  committed so far
--   position    integer  place in the lane's queue, 1 is next; 0 if it does not wait there
--   ahead_ms    integer  audio that is due before it
--   remaining   list of integers  audio that the lane's running works, or 100 of them, have left; empty unless it
--               waits

local id = redis.call('HGET', job_key(args.job_id), 'work_id')
if not id then return nil end
local fields = redis.call('HMGET', work_key(id), 'lane', 'tenant', 'cost_ms', 'status')
if not fields[1] then return nil end
local lane = fields[1]
local position, ahead, remaining = 0, 0, {}

local rank = fields[4] == 'queued' and redis.call('ZRANK', lane_key(lane, 'pending'), id)
if rank then
  position = rank + 1
  if rank > 0 then
    -- What is due before a virtual time is what each tenant has up to it: no need to look at the works.
    local due = tonumber(redis.call('ZSCORE', lane_key(lane, 'pending'), id))
    local virtual = tonumber(redis.call('HGET', lane_key(lane, 'state'), 'virtual_ms') or 0)
    local lasts = redis.call('HGETALL', lane_key(lane, 'tenants'))
    for index = 1, #lasts, 2 do
      local weight = tonumber(redis.call('HGET', lane_key(lane, 'weights'), lasts[index]) or 1)
      ahead = ahead + weight * math.max(0, math.min(tonumber(lasts[index + 1]), due) - virtual)
    end
    ahead = math.max(0, ahead - tonumber(fields[3]))
  end
  for index, other in ipairs(redis.call('SRANDMEMBER', lane_key(lane, 'running'), 100)) do
    local times = redis.call('HMGET', work_key(other), 'cost_ms', 'progress_ms')
    remaining[index] = math.max(0, tonumber(times[1] or 0) - tonumber(times[2] or 0))
  end
end

return {
  redis.call('HGETALL', job_key(args.job_id)),
  redis.call('HGETALL', work_key(id)),
  redis.call('LLEN', work_key(id, 'segments')),
  position,
  math.floor(ahead),
  remaining,
}
