-- retry: processing -> queued after a delay; or failed, when the errors are used up; or cancelled, when asked for
--   work_id          string
--   fence            integer
--   error            string   FailureCode of this attempt
--   error_detail     string   for the history
--   failure          string   FailureCode of the work if this was the last attempt
--   detail           string   shown to the owners of its jobs then
--   delay_ms         integer
--   max_errors       integer
--   result_ttl_ms    integer
--   record_ttl_ms    integer
-- Returns 'queued', 'failed', 'cancelled' or 'lost'.

local id = args.work_id
if not holds(id, args.fence) then return 'lost' end
if cancel_requested(id) then return cancel_attempt(id) end
end_attempt(id, 'error', args.error, args.error_detail)
count(redis.call('HGET', work_key(id), 'lane'), 'errors')
if redis.call('HINCRBY', work_key(id), 'errors', 1) >= args.max_errors then
  bury(id, args.failure, args.detail)
  return 'failed'
end
redis.call('ZADD', key('delayed'), integer(now + args.delay_ms), id)
set_status(id, 'queued')
return 'queued'
