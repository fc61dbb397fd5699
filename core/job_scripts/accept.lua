-- accept: nothing -> queued; or the job shares a work that there is already
--   job_id            string
--   job               object of strings, what is the job's own: tenant; file_name, upload_id, webhook_url, what
--                     core/webhooks.py says of its receiver, and traceparent, each optional
--   work              object of strings, what is known of its work: tenant, weight, lane, options, cost_ms,
--                     audio_ms, retention_ms, sensitivity, request_id and traceparent (of the first request for
--                     it), each optional; media_bytes and media_blake3, or source_url, which a worker fetches
--   digest            string   what is asked for; a work that has the same is shared (optional)
--   idempotency_key   string   (optional)
--   body              string   digest of the request that came with the idempotency key
--   idempotency_ms    integer  how long the key is remembered
--   max_jobs          integer  works that may wait in the lane
--   max_audio_ms      integer  audio that may wait in the lane
--   max_sharing       integer  jobs that may share a work
--   audit             object   who submits it, for the audit log (optional): fields, an entry as a flat list without its
--                     object; most, how many entries are kept
--   result_ttl_ms     integer
--   record_ttl_ms     integer
-- A job that is the first to ask for its work gives it its id; one with an idempotency key keeps that.
-- Returns {outcome, job_id, status}, and for a work of its own how many waited in the lane before it; if it is full, the
-- milliseconds of audio that wait in the place of the status.
-- outcome is
--   accepted   a work of its own waits (or the call was sent twice)
--   joined     a work that waits or runs is shared
--   cached     a finished work is shared: the job is completed
--   replayed   this very request was accepted before, as job_id
--   conflict   the idempotency key came with another body before, for job_id
--   full       the lane holds as much as it may; nothing was stored

local id = args.job_id
local idempotency = args.idempotency_key and key('idempotency:' .. args.idempotency_key)

-- The connection broke off and the call was sent again.
if redis.call('EXISTS', job_key(id)) == 1 then return { 'accepted', id, status_of(id) } end

-- Writes down who has submitted which job, and returns the answer.
local function submitted(outcome, job, status, waiting)
  if args.audit then
    local entry = args.audit.fields
    entry[#entry + 1] = 'object'
    entry[#entry + 1] = job
    redis.call('XADD', key('audit'), 'MAXLEN', '~', integer(args.audit.most), '*', unpack(entry))
  end
  return { outcome, job, status, waiting }
end

if idempotency then
  local former = redis.call('HMGET', idempotency, 'job_id', 'body')
  local status = former[1] and status_of(former[1])
  if status and former[2] == args.body then return submitted('replayed', former[1], status) end
  if status then return { 'conflict', former[1], status } end
end

local function create(work_id)
  local fields = { 'job_id', id, 'work_id', work_id, 'created_at_ms', integer(now) }
  for name, value in pairs(args.job) do
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  redis.call('HSET', job_key(id), unpack(fields))
  redis.call('ZADD', key('jobs'), integer(now), id .. ':' .. args.job.tenant)
  redis.call('ZADD', tenant_key(args.job.tenant), integer(now), id)
  redis.call('SADD', work_key(work_id, 'jobs'), id)
  redis.call('HINCRBY', work_key(work_id), 'waiting', 1)
  if idempotency then
    redis.call('HSET', job_key(id), 'idempotency', args.idempotency_key)
    redis.call('HSET', idempotency, 'job_id', id, 'body', args.body)
    redis.call('PEXPIRE', idempotency, integer(args.idempotency_ms))
  end
  count(args.work.lane, 'accepted')
end

local shared = args.digest and redis.call('GET', key('digest:' .. args.digest))
if shared and redis.call('SCARD', work_key(shared, 'jobs')) < args.max_sharing then
  local status = redis.call('HGET', work_key(shared), 'status')
  if status == 'queued' or status == 'processing' then
    create(shared)
    count(args.work.lane, 'joined')
    return submitted('joined', id, status)
  end
  if status == 'completed' and redis.call('EXISTS', work_key(shared, 'result')) == 1 then
    create(shared)
    redis.call('HSET', job_key(id), 'cached', '1')
    expire(shared)
    count(args.work.lane, 'cached')
    count(args.work.lane, 'completed')
    notify(id, 'completed')
    searchable(id)
    return submitted('cached', id, status)
  end
end

local lane, cost_ms = args.work.lane, tonumber(args.work.cost_ms)
local waiting_jobs = redis.call('ZCARD', lane_key(lane, 'pending'))
local waiting_ms = tonumber(redis.call('HGET', lane_key(lane, 'state'), 'pending_ms') or 0)
if waiting_jobs >= args.max_jobs or waiting_jobs > 0 and waiting_ms + cost_ms > args.max_audio_ms then
  return { 'full', id, integer(waiting_ms) }
end

local fields = { 'work_id', id, 'status', 'queued', 'created_at_ms', integer(now) }
for name, value in pairs(args.work) do
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
redis.call('HSET', work_key(id), unpack(fields))
create(id)
if args.digest then
  redis.call('HSET', work_key(id), 'digest', args.digest)
  redis.call('SET', key('digest:' .. args.digest), id)
end
redis.call('SADD', key('lanes'), lane)
enqueue_last(id, lane, args.work.tenant, cost_ms, tonumber(args.work.weight))
-- Gateways aren't told: nobody knows its id yet, so nobody waits for it.
record_event(id, 'status', 'status', 'queued', 'attempt', '0')
return submitted('accepted', id, 'queued', waiting_jobs)
