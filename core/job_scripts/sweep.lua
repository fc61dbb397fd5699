-- sweep: takes jobs whose retention has ended, so that their record is gone, out of all lists
--   entries   list of strings, as they are in `expiring`
-- Returns how many jobs these were.

local swept = 0
for _, entry in ipairs(args.entries) do
  local id, job, tenant = string.match(entry, '^([^:]+):([^:]+):(.*)$')
  if redis.call('EXISTS', job_key(job)) == 0 then
    unlist(job, tenant)
    forget_webhooks(job)
    if redis.call('EXISTS', work_key(id)) == 0 then redis.call('ZREM', key('dead'), id) end
    redis.call('ZREM', key('expiring'), entry)
    swept = swept + 1
  end
end
return swept
