-- Put in front of every job script. A script is called with no KEYS and two ARGV:
--   ARGV[1]  prefix of every key
--   ARGV[2]  the script's arguments as one JSON object, documented at its top
-- and runs atomically; the only clock is Redis' own. Keys (core/keys.py names the same ones for readers):
--   job:<id>              hash    the job's whole truth; fields are documented in accept.lua and claim.lua
--   job:<id>:segments     list    committed segments, JSON, in order
--   job:<id>:result       string  facts about the finished transcript, JSON
--   jobs                  zset    every job by creation time
--   leases                zset    processing jobs by the end of their lease
--   delayed               zset    queued jobs that wait for their retry, by the time they are due
--   dead                  zset    failed jobs by the time they failed: the dead letters
--   lanes                 set     names of all lanes
--   lane:<lane>:pending   zset    queued jobs by virtual finish time
--   lane:<lane>:tenants   hash    virtual finish time of each tenant's last job
--   lane:<lane>:state     hash    virtual_ms (the lane's virtual time), pending_ms (audio waiting)
--   lane:<lane>:counters  hash    how often what happened, since ever
-- Times are milliseconds since 1970, durations milliseconds, both integers. One Redis holds all keys.

local PREFIX = ARGV[1]
local args = cjson.decode(ARGV[2])

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function key(name) return PREFIX .. name end
local function job_key(id) return PREFIX .. 'job:' .. id end
local function lane_key(lane, part) return PREFIX .. 'lane:' .. lane .. ':' .. part end

-- Redis writes a round Lua number such as 2e12 with an exponent; every integer goes through here.
local function integer(value) return string.format('%.0f', value) end

local function count(lane, event, amount)
  redis.call('HINCRBY', lane_key(lane, 'counters'), event, integer(amount or 1))
end

-- Self-clocked fair queuing: a tenant's next job is due one job length, divided by the tenant's weight, after
-- his last one, or after the lane's virtual time if he had none waiting.
local function enqueue_last(id, lane, tenant, cost_ms, weight)
  local virtual = tonumber(redis.call('HGET', lane_key(lane, 'state'), 'virtual_ms') or 0)
  local last = tonumber(redis.call('HGET', lane_key(lane, 'tenants'), tenant) or 0)
  local finish = math.max(virtual, last) + cost_ms / weight
  redis.call('HSET', lane_key(lane, 'tenants'), tenant, finish)
  redis.call('ZADD', lane_key(lane, 'pending'), finish, id)
  redis.call('HINCRBY', lane_key(lane, 'state'), 'pending_ms', integer(cost_ms))
end

-- A job that had its turn before goes to the head: at the lane's virtual time, which none waiting is under.
local function enqueue_first(id, lane, cost_ms)
  local virtual = tonumber(redis.call('HGET', lane_key(lane, 'state'), 'virtual_ms') or 0)
  redis.call('ZADD', lane_key(lane, 'pending'), virtual, id)
  redis.call('HINCRBY', lane_key(lane, 'state'), 'pending_ms', integer(cost_ms))
end

-- Accounts for a job that left the pending set. An idle lane starts its virtual time anew.
local function dequeued(lane, cost_ms)
  if redis.call('EXISTS', lane_key(lane, 'pending')) == 0 then
    redis.call('DEL', lane_key(lane, 'state'), lane_key(lane, 'tenants'))
  else
    redis.call('HINCRBY', lane_key(lane, 'state'), 'pending_ms', integer(-cost_ms))
  end
end

-- True while the attempt that claimed the job under this fence still has it.
local function holds(id, fence)
  local fields = redis.call('HMGET', job_key(id), 'status', 'fence')
  return fields[1] == 'processing' and tonumber(fields[2]) == fence
end

-- Ends the lease and puts the job back at the head of its lane.
local function requeue(id)
  local fields = redis.call('HMGET', job_key(id), 'lane', 'cost_ms')
  redis.call('ZREM', key('leases'), id)
  redis.call('HSET', job_key(id), 'status', 'queued')
  enqueue_first(id, fields[1], tonumber(fields[2]))
end

-- Moves a job to a final status. Its results live for result_ttl_ms; the record outlives them by record_ttl_ms,
-- so that somebody who comes too late is told so.
local function finish(id, status)
  local expires_at = now + args.result_ttl_ms
  redis.call('ZREM', key('leases'), id)
  redis.call('HSET', job_key(id), 'status', status, 'finished_at_ms', integer(now), 'expires_at_ms', integer(expires_at))
  redis.call('PEXPIREAT', job_key(id), integer(expires_at + args.record_ttl_ms))
  redis.call('PEXPIREAT', job_key(id) .. ':segments', integer(expires_at))
  redis.call('PEXPIREAT', job_key(id) .. ':result', integer(expires_at))
  count(redis.call('HGET', job_key(id), 'lane'), status)
end

-- Makes a dead letter of a job.
local function bury(id, failure, detail)
  redis.call('HSET', job_key(id), 'failure', failure, 'failure_detail', detail)
  redis.call('ZADD', key('dead'), integer(now), id)
  finish(id, 'failed')
end
