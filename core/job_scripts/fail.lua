-- fail: processing -> failed, for a reason that no later attempt can change
--   job_id          string
--   fence           integer
--   failure         string   a FailureCode
--   detail          string   shown to the job's owner
--   result_ttl_ms   integer
--   record_ttl_ms   integer
-- Returns 'failed' or 'lost'.

if not holds(args.job_id, args.fence) then return 'lost' end
redis.call('DEL', job_key(args.job_id) .. ':segments')
bury(args.job_id, args.failure, args.detail)
return 'failed'
