-- Put in front of every job script. A script is called with no KEYS and two ARGV:
--   ARGV[1]  prefix of every key
--   ARGV[2]  the script's arguments as one JSON object, documented at its top
-- and runs atomically; the only clock is Redis' own. A job is what a user asked for, a work is what must be done for it:
-- jobs that ask for the same share one. Keys (core/keys.py names the same ones for readers):
--   job:<id>              hash    whose it is and what is its own; fields are documented in accept.lua
--   work:<id>             hash    the work's whole truth; fields are documented in accept.lua and claim.lua
--   work:<id>:jobs        set     ids of the jobs that refer to it
--   work:<id>:segments    list    committed segments, JSON, in order: the checkpoint
--   work:<id>:result      string  facts about the finished transcript, JSON
--   work:<id>:attempts    list    how each attempt ended, JSON
--   work:<id>:events      stream  what happened, for those who follow
--   activity              stream  which work something happened to, and the kind of event, for gateways: short, not kept
--   jobs                  zset    every job, as <id>:<tenant>, by creation time
--   tenant:<tenant>:jobs  zset    ids of a tenant's jobs by creation time
--   leases                zset    processing works by the end of their lease
--   delayed               zset    queued works that wait for their retry, by the time they are due
--   dead                  zset    failed works by the time they failed: the dead letters
--   expiring              zset    ended jobs with a retention, as <work>:<job>:<tenant>, by the time everything of them goes
--   digest:<digest>       string  the work that does, or has done, what this digest asks for
--   idempotency:<key>     hash    job_id and body of the request that came with an Idempotency-Key
--   webhook:<id>          hash    an event that a job's receiver is told of; fields are documented at notify
--   webhook:<id>:attempts list    how each attempt to tell him ended, JSON
--   webhooks              zset    the outbox: events to deliver by the time they are due, or their delivery's lease ends
--   webhooks:<job>        list    ids of a job's events, in order
--   webhook-counters      hash    how often deliveries ended how, since ever
--   corrections:<job>     hash    what its owner put in the place of what was heard; fields are documented in correct.lua
--   correction-counters   hash    how much was corrected, since ever
--   searchable            zset    jobs with a transcript, by the number of its latest change, for who indexes them
--   searchable-clock      string  the latest of these numbers
--   audit                 stream  who did what, ids only: of bounded length, outlives the jobs
--   claim:<id>            string  the work that a claim took, so that a claim sent twice takes one
--   lanes                 set     names of all lanes
--   lane:<lane>:pending   zset    queued works by virtual finish time
--   lane:<lane>:queued    zset    the same works by the time they were queued, for the first time or again
--   lane:<lane>:running   set     processing works
--   lane:<lane>:waiting   hash    how many works of each tenant wait
--   lane:<lane>:tenants   hash    virtual finish time of the last work of each tenant with one waiting
--   lane:<lane>:weights   hash    those tenants' weights
--   lane:<lane>:state     hash    virtual_ms (the lane's virtual time), pending_ms (audio waiting)
--   lane:<lane>:pace      list    the latest completions: "<audio ms> <ms since the one before> <attempt ms>"
--   lane:<lane>:clock     string  when the latest completion was, or the lane became busy
--   lane:<lane>:counters  hash    how often what happened, since ever
-- Times are milliseconds since 1970, durations milliseconds, both integers. One Redis holds all keys.

local PREFIX = ARGV[1]
local args = cjson.decode(ARGV[2])

local ACTIVITY_LENGTH = 4096
local ATTEMPTS_KEPT = 50
local CORRECTIONS_FACTS = 4 -- fields of corrections:<job> besides the segments
local PACE_KEPT = 64

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function key(name) return PREFIX .. name end
local function job_key(id) return PREFIX .. 'job:' .. id end
local function work_key(id, part) return PREFIX .. 'work:' .. id .. (part and ':' .. part or '') end
local function tenant_key(tenant) return PREFIX .. 'tenant:' .. tenant .. ':jobs' end
local function lane_key(lane, part) return PREFIX .. 'lane:' .. lane .. ':' .. part end
local function corrections_key(job) return PREFIX .. 'corrections:' .. job end
local function webhook_key(id, part) return PREFIX .. 'webhook:' .. id .. (part and ':' .. part or '') end

-- Redis writes a round Lua number such as 2e12 with an exponent; every integer goes through here.
local function integer(value) return string.format('%.0f', value) end

local function count(lane, event, amount)
  redis.call('HINCRBY', lane_key(lane, 'counters'), event, integer(amount or 1))
end

-- Adds an event to the work's stream; returns its id.
local function record_event(id, kind, ...)
  return redis.call('XADD', work_key(id, 'events'), '*', 'event', kind, ...)
end

-- The same, and tells the gateways that there is one.
local function emit(id, kind, ...)
  local event = record_event(id, kind, ...)
  redis.call('XADD', key('activity'), 'MAXLEN', '~', ACTIVITY_LENGTH, '*', 'work', id, 'event', kind)
  return event
end

local function set_status(id, status)
  redis.call('HSET', work_key(id), 'status', status)
  emit(id, 'status', 'status', status, 'attempt', redis.call('HGET', work_key(id), 'attempts') or '0')
end

local function enqueue(id, lane, tenant, cost_ms, finish)
  redis.call('ZADD', lane_key(lane, 'pending'), finish, id)
  redis.call('ZADD', lane_key(lane, 'queued'), integer(now), id)
  redis.call('HINCRBY', lane_key(lane, 'waiting'), tenant, 1)
  redis.call('HINCRBY', lane_key(lane, 'state'), 'pending_ms', integer(cost_ms))
end

-- Self-clocked fair queuing: a tenant's next work is due one work's length, divided by the tenant's weight, after
-- his last one, or after the lane's virtual time if he had none waiting.
local function enqueue_last(id, lane, tenant, cost_ms, weight)
  local virtual = tonumber(redis.call('HGET', lane_key(lane, 'state'), 'virtual_ms') or 0)
  local last = tonumber(redis.call('HGET', lane_key(lane, 'tenants'), tenant) or 0)
  local finish = math.max(virtual, last) + cost_ms / weight
  redis.call('HSET', lane_key(lane, 'tenants'), tenant, finish)
  redis.call('HSET', lane_key(lane, 'weights'), tenant, weight)
  enqueue(id, lane, tenant, cost_ms, finish)
end

-- A work that had its turn before goes to the head: at the lane's virtual time, which none waiting is under.
local function enqueue_first(id, lane, tenant, cost_ms)
  enqueue(id, lane, tenant, cost_ms, tonumber(redis.call('HGET', lane_key(lane, 'state'), 'virtual_ms') or 0))
end

-- Accounts for a work that left the pending set. An idle lane starts its virtual time anew; a tenant with none waiting
-- starts at the lane's virtual time, also if his works were cancelled.
local function dequeued(id, lane, tenant, cost_ms)
  if redis.call('EXISTS', lane_key(lane, 'pending')) == 0 then
    for _, part in ipairs({ 'queued', 'state', 'waiting', 'tenants', 'weights' }) do
      redis.call('DEL', lane_key(lane, part))
    end
    return
  end
  redis.call('ZREM', lane_key(lane, 'queued'), id)
  redis.call('HINCRBY', lane_key(lane, 'state'), 'pending_ms', integer(-cost_ms))
  if redis.call('HINCRBY', lane_key(lane, 'waiting'), tenant, -1) < 1 then
    for _, part in ipairs({ 'waiting', 'tenants', 'weights' }) do redis.call('HDEL', lane_key(lane, part), tenant) end
  end
end

-- True while the attempt that claimed the work under this fence still has it.
local function holds(id, fence)
  local fields = redis.call('HMGET', work_key(id), 'status', 'fence')
  return fields[1] == 'processing' and tonumber(fields[2]) == fence
end

-- Ends the lease and writes the attempt into the work's history.
-- outcome: completed, cancelled, failed, error, crashed or handed_back
local function end_attempt(id, outcome, failure, detail)
  local fields = redis.call('HMGET', work_key(id), 'lane', 'attempts', 'worker', 'claimed_at_ms', 'resumed_from_ms',
    'progress_ms')
  redis.call('ZREM', key('leases'), id)
  redis.call('SREM', lane_key(fields[1], 'running'), id)
  redis.call('RPUSH', work_key(id, 'attempts'), cjson.encode({
    attempt = tonumber(fields[2]),
    worker = fields[3],
    started_at_ms = tonumber(fields[4]),
    ended_at_ms = now,
    from_ms = tonumber(fields[5]),
    to_ms = tonumber(fields[6]),
    outcome = outcome,
    failure = failure,
    detail = detail,
  }))
  redis.call('LTRIM', work_key(id, 'attempts'), -ATTEMPTS_KEPT, -1)
end

-- Puts a work that had its turn back at the head of its lane.
local function requeue(id)
  local fields = redis.call('HMGET', work_key(id), 'lane', 'tenant', 'cost_ms')
  enqueue_first(id, fields[1], fields[2], tonumber(fields[3]))
  set_status(id, 'queued')
end

-- The key by which a work answers other requests for the same; nil if it does not.
local function digest_key(id)
  local digest = redis.call('HGET', work_key(id), 'digest')
  local name = digest and key('digest:' .. digest)
  return name and redis.call('GET', name) == id and name or nil
end

-- From here on this work answers no other request for the same.
local function forget_digest(id)
  local name = digest_key(id)
  if name then redis.call('DEL', name) end
end

-- The key under which the request that made a job is remembered; nil if it is not, or for another job by now.
local function request_key(job)
  local digest = redis.call('HGET', job_key(job), 'idempotency')
  local name = digest and key('idempotency:' .. digest)
  return name and redis.call('HGET', name, 'job_id') == job and name or nil
end

-- How long the results of a work are kept, and its record with its jobs'. The record stays record_ttl_ms longer, so
-- that somebody who comes too late is told so; but a retention is the end of everything.
local function lifetimes(id)
  local retention = tonumber(redis.call('HGET', work_key(id), 'retention_ms') or '')
  if retention then return retention, retention, true end
  return args.result_ttl_ms, args.result_ttl_ms + args.record_ttl_ms, false
end

local function expiring_entry(id, job, tenant) return id .. ':' .. job .. ':' .. tenant end

-- Corrections go with the result that they are of, or with their job if that goes sooner.
local function expire_corrections(job, id)
  local ends = math.min(redis.call('PEXPIRETIME', work_key(id, 'result')), redis.call('PEXPIRETIME', job_key(job)))
  if ends > 0 then redis.call('PEXPIREAT', corrections_key(job), integer(ends)) end
end

-- Sets when the record of a job that has ended goes, as the lifetimes of its work say. A retention counts from the
-- job's own end, whoever comes to share its work later: it is set once.
local function expire_job(job, id, records_ms, is_retained)
  local records = integer(now + records_ms)
  if not is_retained then
    redis.call('PEXPIREAT', job_key(job), records)
  elseif redis.call('PTTL', job_key(job)) == -1 then
    redis.call('HSET', job_key(job), 'expires_at_ms', records)
    redis.call('PEXPIREAT', job_key(job), records)
    redis.call('ZADD', key('expiring'), records, expiring_entry(id, job, redis.call('HGET', job_key(job), 'tenant')))
    local request = request_key(job)
    if request and redis.call('PTTL', request) > records_ms then redis.call('PEXPIREAT', request, records) end
  end
  expire_corrections(job, id)
end

-- Sets when a finished work goes, and those of its jobs that have ended with it. All that is kept of it is kept from now
-- on: from its end, or from when the latest job came to share it.
local function expire(id)
  local results_ms, records_ms, is_retained = lifetimes(id)
  local results, records = integer(now + results_ms), integer(now + records_ms)
  redis.call('HSET', work_key(id), 'expires_at_ms', results, 'kept_from_ms', integer(now))
  for _, part in ipairs({ 'segments', 'result', 'events' }) do
    redis.call('PEXPIREAT', work_key(id, part), results)
  end
  local name = digest_key(id)
  if name then redis.call('PEXPIREAT', name, results) end
  for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
    expire_job(job, id, records_ms, is_retained)
  end
  for _, part in ipairs({ 'jobs', 'attempts' }) do
    redis.call('PEXPIREAT', work_key(id, part), records)
  end
  redis.call('PEXPIREAT', work_key(id), records)
end

-- Puts into the outbox that a job has come to a final status, if somebody is to be told: a job whose owner gave it a
-- webhook_url that was not disabled. A job that was cancelled by itself had its event then. Fields:
--   job_id, type, created_at_ms       the event; its id, and so the webhook-id, is <job>-<n>, for the job's nth event
--   tenant, lane, cached, audio_ms, failure, failure_detail, job_created_at_ms   facts as they were then
--   traceparent                       the span that it belongs to, or empty
--   state                             due, delivered, given_up or disabled
--   tries                             attempts since it was last due anew
--   claims                            grows with every delivery taken and settled: a late one is refused
local function notify(job, status)
  local owned = redis.call('HMGET', job_key(job), 'webhook_url', 'webhook_disabled', 'cancelled_at_ms', 'work_id',
    'tenant', 'created_at_ms', 'cached', 'traceparent')
  if not owned[1] or owned[2] or owned[3] then return end
  local work = redis.call('HMGET', work_key(owned[4]), 'lane', 'audio_ms', 'failure', 'failure_detail')
  local id = job .. '-' .. integer(redis.call('HINCRBY', job_key(job), 'webhooks', 1))
  redis.call('HSET', webhook_key(id), 'job_id', job, 'type', 'transcription.' .. status, 'created_at_ms', integer(now),
    'tenant', owned[5], 'lane', work[1], 'cached', owned[7] or '0', 'audio_ms', work[2] or '', 'failure', work[3] or '',
    'failure_detail', work[4] or '', 'job_created_at_ms', owned[6], 'traceparent', owned[8] or '', 'state', 'due')
  redis.call('RPUSH', key('webhooks:' .. job), id)
  local _, records_ms, is_retained = lifetimes(owned[4])
  redis.call('PEXPIREAT', webhook_key(id), integer(now + records_ms))
  -- The sweep after a retention finds in the list, which holds ids only, what to take out of the outbox.
  local listed_ms = records_ms + (is_retained and args.record_ttl_ms or 0)
  redis.call('PEXPIREAT', key('webhooks:' .. job), integer(now + listed_ms))
  redis.call('ZADD', key('webhooks'), integer(now), id)
end

-- Removes what a job's receiver was or is to be told; returns how many events these were.
local function forget_webhooks(job)
  local ids = redis.call('LRANGE', key('webhooks:' .. job), 0, -1)
  for _, id in ipairs(ids) do
    redis.call('DEL', webhook_key(id), webhook_key(id, 'attempts'))
    redis.call('ZREM', key('webhooks'), id)
  end
  redis.call('DEL', key('webhooks:' .. job))
  return #ids
end

-- Has a job's transcript indexed (anew). Every number is used once and is above all before: whoever has seen one has
-- missed none below. It is a time as well, so that a Redis which starts anew starts above what an index has seen.
local function searchable(job)
  if redis.call('HEXISTS', job_key(job), 'cancelled_at_ms') == 1 then return end
  local number = math.max(now, tonumber(redis.call('GET', key('searchable-clock')) or 0) + 1)
  redis.call('SET', key('searchable-clock'), integer(number))
  redis.call('ZADD', key('searchable'), integer(number), job)
end

-- Moves a work to a final status.
local function finish(id, status)
  local fields = redis.call('HMGET', work_key(id), 'lane', 'waiting')
  if status == 'cancelled' then
    redis.call('DEL', work_key(id, 'segments'))
    redis.call('HDEL', work_key(id), 'source_url')
    count(fields[1], status)
  else
    count(fields[1], status, tonumber(fields[2]))
  end
  if status ~= 'completed' then forget_digest(id) end
  redis.call('HSET', work_key(id), 'finished_at_ms', integer(now))
  set_status(id, status)
  for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
    notify(job, status)
    if status == 'completed' then searchable(job) end
  end
  expire(id)
end

local function cancel_requested(id) return redis.call('HEXISTS', work_key(id), 'cancel_requested') == 1 end

-- Ends an attempt whose work is not wanted any more.
local function cancel_attempt(id)
  end_attempt(id, 'cancelled')
  finish(id, 'cancelled')
  return 'cancelled'
end

-- Makes a dead letter of a work.
local function bury(id, failure, detail)
  redis.call('HSET', work_key(id), 'failure', failure, 'failure_detail', detail)
  redis.call('ZADD', key('dead'), integer(now), id)
  finish(id, 'failed')
end

-- Takes a job out of the lists.
local function unlist(job, tenant)
  redis.call('ZREM', key('searchable'), job)
  redis.call('ZREM', key('jobs'), job .. ':' .. tenant)
  redis.call('ZREM', tenant_key(tenant), job)
end

-- Removes every trace of a job but its work; returns how many events of its receiver's, requests and corrected segments
-- went with it.
local function forget_job(job, id, tenant)
  local request = request_key(job)
  if request then redis.call('DEL', request) end
  local events = forget_webhooks(job)
  unlist(job, tenant)
  redis.call('ZREM', key('expiring'), expiring_entry(id, job, tenant))
  local corrected = redis.call('HLEN', corrections_key(job))
  redis.call('DEL', job_key(job), corrections_key(job))
  return events, request and 1 or 0, math.max(0, corrected - CORRECTIONS_FACTS)
end

-- Takes a work's id out of what was told to the gateways: beside each of its events, in the same script's time.
local function forget_activity(id)
  local oldest = redis.call('XRANGE', key('activity'), '-', '+', 'COUNT', 1)[1]
  if not oldest then return end
  for _, event in ipairs(redis.call('XRANGE', work_key(id, 'events'), string.match(oldest[1], '^%d+'), '+')) do
    local at = tonumber(string.match(event[1], '^%d+'))
    for _, told in ipairs(redis.call('XRANGE', key('activity'), integer(at), integer(at + 1))) do
      if told[2][2] == id then redis.call('XDEL', key('activity'), told[1]) end
    end
  end
end

-- Removes every trace of a work.
local function forget(id)
  forget_digest(id)
  forget_activity(id)
  redis.call('DEL', key('claim:' .. (redis.call('HGET', work_key(id), 'claim') or '')))
  redis.call('DEL', work_key(id))
  for _, part in ipairs({ 'jobs', 'segments', 'result', 'attempts', 'events' }) do
    redis.call('DEL', work_key(id, part))
  end
  redis.call('ZREM', key('dead'), id)
end

-- The status of a job: its own cancellation, or else that of its work; nil if either is gone.
local function status_of(job)
  local fields = redis.call('HMGET', job_key(job), 'work_id', 'cancelled_at_ms')
  if not fields[1] then return nil end
  local status = redis.call('HGET', work_key(fields[1]), 'status')
  return status and (fields[2] and 'cancelled' or status) or nil
end
