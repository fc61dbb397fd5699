-- erase: removes every trace of a finished job
--   job_id   string
-- Returns 'erased', 'unfinished' or 'unknown'.

local id = args.job_id
local status = redis.call('HGET', job_key(id), 'status')
if not status then return 'unknown' end
if status == 'queued' or status == 'processing' then return 'unfinished' end
redis.call('DEL', job_key(id), job_key(id) .. ':segments', job_key(id) .. ':result')
redis.call('ZREM', key('jobs'), id)
redis.call('ZREM', key('dead'), id)
return 'erased'
