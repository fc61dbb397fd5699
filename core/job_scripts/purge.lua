-- purge: removes a dead letter and every job that refers to it
--   work_id   string
-- Returns how many jobs were removed, or nil when the work is no dead letter.

local id = args.work_id
if redis.call('HGET', work_key(id), 'status') ~= 'failed' then return nil end
local jobs = redis.call('SMEMBERS', work_key(id, 'jobs'))
for _, job in ipairs(jobs) do
  redis.call('DEL', job_key(job))
  redis.call('ZREM', key('jobs'), job)
end
forget(id)
return #jobs
