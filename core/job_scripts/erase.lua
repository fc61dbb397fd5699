-- erase: removes a finished job, and with the last one that refers to it every trace of its work
--   job_id   string
-- Returns {outcome, work_id}: 'erased', 'erased_work', 'unfinished' or 'unknown'.

local job = args.job_id
local status = status_of(job)
if not status then return { 'unknown', '' } end
if status == 'queued' or status == 'processing' then return { 'unfinished', '' } end

local id = redis.call('HGET', job_key(job), 'work_id')
redis.call('DEL', job_key(job))
redis.call('ZREM', key('jobs'), job)
redis.call('SREM', work_key(id, 'jobs'), job)
if redis.call('SCARD', work_key(id, 'jobs')) > 0 then return { 'erased', id } end
forget(id)
return { 'erased_work', id }
