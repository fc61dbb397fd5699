-- erase: removes a finished job, and with the last one that refers to it every trace of its work
--   job_id   string
-- Returns {outcome, work_id, results, segments, events, attempts, webhooks, requests, corrections}: what was removed, in
-- numbers; of the work nothing while others share it. outcome is 'erased', 'erased_work', 'unfinished' or 'unknown'.

local job = args.job_id
local status = status_of(job)
if not status then return { 'unknown', '', 0, 0, 0, 0, 0, 0, 0 } end
if status == 'queued' or status == 'processing' then return { 'unfinished', '', 0, 0, 0, 0, 0, 0, 0 } end

local owned = redis.call('HMGET', job_key(job), 'work_id', 'tenant', 'last_event')
local id = owned[1]
if owned[3] then redis.call('XDEL', work_key(id, 'events'), owned[3]) end
local webhooks, requests, corrections = forget_job(job, id, owned[2])
redis.call('SREM', work_key(id, 'jobs'), job)
-- A dead letter may be requeued, but only for those who still wait for it.
if status == 'failed' and redis.call('HINCRBY', work_key(id), 'waiting', -1) < 1 then
  redis.call('ZREM', key('dead'), id)
end
-- One that was cancelled by itself, while the work went on for others, may have expired before them.
for _, other in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  if redis.call('EXISTS', job_key(other)) == 1 then
    return { 'erased', id, 0, 0, 0, 0, webhooks, requests, corrections }
  end
end
local left = {
  redis.call('EXISTS', work_key(id, 'result')),
  redis.call('LLEN', work_key(id, 'segments')),
  redis.call('XLEN', work_key(id, 'events')),
  redis.call('LLEN', work_key(id, 'attempts')),
}
forget(id)
return { 'erased_work', id, left[1], left[2], left[3], left[4], webhooks, requests, corrections }
