-- erase: removes a finished job, and with the last one that refers to it every trace of its work
--   job_id   string
-- Returns {outcome, work_id}: 'erased', 'erased_work', 'unfinished' or 'unknown'.

local job = args.job_id
local status = status_of(job)
if not status then return { 'unknown', '' } end
if status == 'queued' or status == 'processing' then return { 'unfinished', '' } end

local id = redis.call('HGET', job_key(job), 'work_id')
unlist(job, redis.call('HGET', job_key(job), 'tenant'))
redis.call('DEL', job_key(job))
forget_webhooks(job)
redis.call('SREM', work_key(id, 'jobs'), job)
-- A dead letter may be requeued, but only for those who still wait for it.
if status == 'failed' and redis.call('HINCRBY', work_key(id), 'waiting', -1) < 1 then
  redis.call('ZREM', key('dead'), id)
end
-- One that was cancelled by itself, while the work went on for others, may have expired before them.
for _, other in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  if redis.call('EXISTS', job_key(other)) == 1 then return { 'erased', id } end
end
forget(id)
return { 'erased_work', id }
