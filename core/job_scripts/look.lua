-- look: reads jobs as they stand; changes nothing
--   job_ids   list of strings
-- Returns a list as long: nil where there is no such job, else {job, work, segments, position, ahead_ms, remaining}:
--   job, work   hashes as flat lists
--   segments    integer  committed so far
--   position    integer  place in the lane's queue, 1 is next; 0 if it does not wait there
--   ahead_ms    integer  audio that is due before it
--   remaining   list of integers  audio that the lane's running works, or 100 of them, have left; empty unless it
--               waits

-- What the waiting works of a lane have in common is read once.
local lanes = {}
local function lane_of(name)
  if lanes[name] then return lanes[name] end
  local lane = {
    virtual = tonumber(redis.call('HGET', lane_key(name, 'state'), 'virtual_ms') or 0),
    lasts = redis.call('HGETALL', lane_key(name, 'tenants')),
    weights = {},
    remaining = {},
  }
  local weights = redis.call('HGETALL', lane_key(name, 'weights'))
  for index = 1, #weights, 2 do lane.weights[weights[index]] = tonumber(weights[index + 1]) end
  for index, other in ipairs(redis.call('SRANDMEMBER', lane_key(name, 'running'), 100)) do
    local times = redis.call('HMGET', work_key(other), 'cost_ms', 'progress_ms')
    lane.remaining[index] = math.max(0, tonumber(times[1] or 0) - tonumber(times[2] or 0))
  end
  lanes[name] = lane
  return lane
end

-- What is due before a virtual time is what each tenant has up to it: no need to look at the works.
local function due_before(lane, due)
  local ahead = 0
  for index = 1, #lane.lasts, 2 do
    local weight = lane.weights[lane.lasts[index]] or 1
    ahead = ahead + weight * math.max(0, math.min(tonumber(lane.lasts[index + 1]), due) - lane.virtual)
  end
  return ahead
end

local function look(job_id)
  local id = redis.call('HGET', job_key(job_id), 'work_id')
  if not id then return false end
  local fields = redis.call('HMGET', work_key(id), 'lane', 'cost_ms', 'status')
  if not fields[1] then return false end
  local position, ahead, remaining = 0, 0, {}
  local pending = lane_key(fields[1], 'pending')
  local rank = fields[3] == 'queued' and redis.call('ZRANK', pending, id)
  if rank then
    local lane = lane_of(fields[1])
    position, remaining = rank + 1, lane.remaining
    if rank > 0 then
      ahead = math.max(0, due_before(lane, tonumber(redis.call('ZSCORE', pending, id))) - tonumber(fields[2]))
    end
  end
  return {
    redis.call('HGETALL', job_key(job_id)),
    redis.call('HGETALL', work_key(id)),
    redis.call('LLEN', work_key(id, 'segments')),
    position,
    math.floor(ahead),
    remaining,
  }
end

local found = {}
for index, job_id in ipairs(args.job_ids) do found[index] = look(job_id) end
return found
