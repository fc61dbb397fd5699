-- purge: removes a dead letter and every job that refers to it
--   work_id   string
-- Returns how many jobs were removed, or nil when the work is no dead letter.

local id = args.work_id
if redis.call('HGET', work_key(id), 'status') ~= 'failed' then return nil end
local tenant = redis.call('HGET', work_key(id), 'tenant')
local removed = 0
for _, job in ipairs(redis.call('SMEMBERS', work_key(id, 'jobs'))) do
  removed = removed + redis.call('EXISTS', job_key(job))
  forget_job(job, id, tenant)
end
forget(id)
return removed
